/** Ways for a plugin to be broken (attack A24), and a plugin that breaks when it is told to. */
import { SmtpError, definePlugin, use, type Contribute, type PluginUse } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';

/** What a plugin from anywhere may answer, whatever its types say. */
export function rubbish<T>(value: unknown): T {
  return value as T;
}

/** One way. */
export interface Fault {
  readonly name: string;
  readonly act: () => never;
}

/** Ways to fail that any method has. A promise that rejects is an answer as far as the types know, and never one. */
export const FAILURES: readonly Fault[] = [
  { name: 'throws', act: () => fail(new Error('broken on purpose')) },
  { name: 'throws nothing', act: () => fail(undefined) },
  { name: 'throws null', act: () => fail(null) },
  { name: 'throws a text', act: () => fail('broken') },
  { name: 'throws an error whose message cannot be read', act: () => fail(unreadable()) },
  { name: 'throws a reply that agrees', act: () => fail(new SmtpError(reply(250, '2.0.0', 'fine'), 'not fine')) },
  { name: 'rejects', act: () => rubbish(Promise.reject(new Error('broken on purpose'))) },
  { name: 'rejects with nothing', act: () => rubbish(Promise.reject(undefined)) },
  { name: 'rejects later', act: () => rubbish(later().then(() => fail(new Error('broken on purpose')))) },
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is broken about it
  { name: 'gives a thenable that throws', act: () => rubbish({ then: () => fail(new Error('broken on purpose')) }) },
];

/** A method that never answers. */
export const HANGS: Fault = { name: 'hangs', act: () => rubbish(new Promise(() => undefined)) };

/** Each value as an answer, at once and later. */
export function answers(values: Readonly<Record<string, unknown>>): readonly Fault[] {
  return Object.entries(values).flatMap(([name, value]) => [
    { name: `answers ${name}`, act: () => rubbish<never>(value) },
    { name: `answers ${name} later`, act: () => rubbish<never>(later().then(() => value)) },
  ]);
}

/** A switch: what is broken is broken while it is on. */
export class Switch {
  on = true;

  /** `fault` while it is on, else `sound`. */
  choose<T>(fault: () => T, sound: () => T): T {
    return this.on ? fault() : sound();
  }
}

/** A plugin in one line. */
export function inline(name: string, register: (contribute: Contribute) => void): PluginUse {
  return use(definePlugin({ name, register }));
}

function fail(error: unknown): never {
  throw error;
}

function later(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function unreadable(): Error {
  const error = new Error('x');
  Object.defineProperty(error, 'message', { get: () => fail(new Error('the message throws')) });
  return error;
}
