/** What is fuzzed: one parser, or one assembly of them, with what must hold for every input. */

/** One thing to be fuzzed. */
export interface Target {
  /** Of its folder of the corpus, and for `--target`. */
  readonly name: string;
  /** What must hold, in a sentence. */
  readonly holds: string;
  /** Words that mean something to it, in latin1. */
  readonly tokens?: readonly string[];
  /** Octets of the longest input; default 2048. */
  readonly maxLength?: number;
  /**
   * Tries everything that must hold, and throws what does not. What it gives is a signature of the behaviour: inputs of a new one are kept.
   * It depends on the input and on nothing else.
   */
  check(input: Uint8Array): string | Promise<string>;
  /** The code under test and nothing else, for its time: is called with inputs of 64 KiB (attack A8). */
  parse?(input: Uint8Array): void | Promise<void>;
  /** Ends what it has started. */
  close?(): Promise<void>;
}

/** Something that must hold does not. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws if it does not hold. */
export function holds(condition: boolean, what: string, ...details: readonly unknown[]): asserts condition {
  if (!condition) throw new Broken(details.length === 0 ? what : `${what}: ${details.map(printed).join(' | ')}`);
}

/** Throws if the two do not look the same. */
export function same(what: string, got: unknown, expected: unknown): void {
  const [one, other] = [printed(got), printed(expected)];
  if (one !== other) throw new Broken(`${what}: got ${one}, expected ${other}`);
}

/** How many digits a number has in base two: signatures must not tell all lengths apart, or every input would be new. */
export function magnitude(number: number): number {
  return number <= 0 ? 0 : 1 + Math.floor(Math.log2(number));
}

/** As text: UTF-8 where it is that, else each octet a character. */
export function textOf(input: Uint8Array): string {
  try {
    return UTF8.decode(input);
  } catch {
    return Buffer.from(input).toString('latin1');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As JSON, keys in order, so that what is equal looks equal. */
function printed(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? '(undefined)' : sorted(inner)));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
