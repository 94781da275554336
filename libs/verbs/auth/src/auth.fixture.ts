/** Mechanisms, a store and a loop for the specs of AUTH. */
import {
  Clock,
  type MaybePromise,
  type Mechanisms,
  type SaslMechanism,
  type SaslStep,
  type Session,
  type Store,
  type VerbOutcome,
} from '@mailverb/contract';
import { Reply } from '@mailverb/protocol';
import { FakeClock, settle, testSession } from '@mailverb/testing';
import { inject, injectable } from 'tsyringe';
import { authOptions } from './auth.options.js';
import { AuthVerb } from './auth.verb.js';

export const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
export const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What is offered, by mechanisms that are offered always. */
export function offering(...mechanisms: readonly SaslMechanism[]): Mechanisms {
  return {
    offered: (session) => (session.identity === undefined ? mechanisms : []),
    wantsTls: () => false,
  };
}

/** Comes to these steps, one after another. */
export function scripted(name: string, ...steps: readonly (SaslStep | Error)[]): SaslMechanism {
  return {
    name,
    begin: () => {
      const rest = [...steps];
      return {
        step: async () => {
          const next = rest.shift() ?? new Error('there is no step left');
          if (next instanceof Error) throw next;
          return next;
        },
      };
    },
  };
}

/** A claim, and what comes of it. */
export function claim(name: string, then: SaslStep | Error | (() => MaybePromise<SaslStep>)): SaslStep {
  return {
    type: 'claim',
    name,
    proceed: () => {
      if (then instanceof Error) throw then;
      return typeof then === 'function' ? then() : then;
    },
  };
}

/** Takes `name:password`, and asks for it where it was not sent; the password is the name, written backwards. */
export class TestMechanism implements SaslMechanism {
  readonly name = 'TEST';
  /** How often a password was looked at. */
  checks = 0;

  begin() {
    return {
      step: (response: Uint8Array | undefined): SaslStep => {
        if (response === undefined) return { type: 'challenge', data: octets('who?') };
        const [name, password] = Buffer.from(response).toString('latin1').split(':');
        if (name === undefined || password === undefined) {
          return { type: 'failure', kind: 'malformed', reason: 'there is no colon' };
        }
        return claim(name, async () => {
          this.checks += 1;
          await settle(1);
          return password === [...name].reverse().join('')
            ? { type: 'success', name }
            : { type: 'failure', kind: 'credentials', reason: 'wrong' };
        });
      },
    };
  }
}

/** A store that answers later, and fails if it is told to. */
@injectable()
export class MapStore implements Store {
  readonly entries = new Map<string, { readonly value: Uint8Array; readonly until: number }>();
  fails: Error | undefined;
  updates = 0;

  constructor(@inject(Clock) private readonly clock: Clock) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.ready();
    return this.read(key);
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    await this.ready();
    this.entries.set(key, { value, until: this.clock.now() + ttlMs });
  }

  async update(key: string, change: Parameters<Store['update']>[1]): Promise<Uint8Array | undefined> {
    await this.ready();
    // As the contract allows, and a store that meets another writer does.
    change(this.read(key));
    const made = change(this.read(key));
    if (made === undefined) this.entries.delete(key);
    else this.entries.set(key, { value: made.value, until: this.clock.now() + made.ttlMs });
    return made?.value;
  }

  async delete(key: string): Promise<void> {
    await this.ready();
    this.entries.delete(key);
  }

  private read(key: string): Uint8Array | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || entry.until <= this.clock.now() ? undefined : entry.value;
  }

  private async ready(): Promise<void> {
    this.updates += 1;
    await settle(1);
    if (this.fails !== undefined) throw this.fails;
  }
}

/** What one AUTH came to. */
export interface Heard {
  readonly reply: string;
  /** The challenges before it. */
  readonly challenges: readonly string[];
  readonly outcome: VerbOutcome | undefined;
  /** What was thrown. */
  readonly error: unknown;
  readonly ms: number;
}

/** What is asked of the policies, and what they say. */
export type Ask = (question: { readonly stage: string; readonly input: unknown }) => Reply | undefined;

/** A verb and whatever it injects. */
export class Scene {
  readonly clock: FakeClock;
  readonly store: MapStore;
  readonly verb: AuthVerb;
  /** The questions that were asked. */
  readonly asked: unknown[] = [];
  policies: Ask = () => undefined;

  /** @param beside whose store and time it shares. */
  constructor(mechanisms: Mechanisms, options: Parameters<typeof authOptions.parse>[0] = {}, beside?: Scene) {
    this.clock = beside?.clock ?? new FakeClock();
    this.store = beside?.store ?? new MapStore(this.clock);
    this.verb = new AuthVerb(authOptions.parse(options), mechanisms, this.store, this.clock);
  }

  session(address = '192.0.2.1', overrides: Partial<Session> = {}): Session {
    return testSession({ phase: 'greeted', remoteAddress: address, ...overrides });
  }

  /** Does what the loop does with a command and the lines after it, while time passes as it must. */
  async auth(session: Session, args: string, ...lines: readonly string[]): Promise<Heard> {
    let done = false;
    const coming = this.converse(session, args, lines).finally(() => (done = true));
    // Time passes only for who waits for it.
    for (let i = 0; i < 10_000 && !done; i++) await (this.clock.pending > 0 ? this.clock.advance(50) : settle(1));
    return coming;
  }

  /** The same, in time that stands still. */
  async converse(session: Session, args: string, lines: readonly string[]): Promise<Heard> {
    const from = this.clock.now();
    const challenges: string[] = [];
    const rest = [...lines];
    const end = (reply: Reply, outcome?: VerbOutcome, error?: unknown): Heard => {
      return { reply: reply.toString(), challenges, outcome, error, ms: this.clock.now() - from };
    };
    const parsed = this.verb.parse(args, session);
    if (parsed instanceof Reply) return end(parsed);
    try {
      let step = await this.verb.perform(parsed, session);
      for (;;) {
        if ('ask' in step) {
          this.asked.push(step.ask);
          const refused = this.policies(step.ask);
          if (refused !== undefined) return end(refused);
          step = await step.proceed();
        } else if (step.effect?.type === 'converse') {
          challenges.push(step.reply.toString());
          const next = rest.shift();
          if (next === undefined) return end(step.reply, step);
          // The loop's own memory, with other things before and behind it, which is another line's when this one has been read.
          const memory = Buffer.from(`xx${next}xx`, 'latin1');
          const answer = step.effect.answer(memory.subarray(2, -2));
          memory.fill('?');
          step = await answer;
        } else {
          return end(step.reply, step);
        }
      }
    } catch (error) {
      if (error instanceof Error && 'reply' in error && error.reply instanceof Reply) {
        return end(error.reply, undefined, error);
      }
      throw error;
    }
  }
}
