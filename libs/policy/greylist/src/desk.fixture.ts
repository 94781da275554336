/** Somebody who asks the policy, for the specs. */
import { isRefusal, type Logger, type Session, type Store, type Verdict } from '@mailverb/contract';
import { FakeClock, testContext, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { greylistOptions } from './greylist.options.js';
import { GreylistPolicy } from './greylist.policy.js';
import { MapStore } from './store.fixture.js';

/** Options as they are written. */
export type Written = z.input<typeof greylistOptions>;

/** Who asks, and for whom. */
export interface Asked {
  readonly client?: string;
  readonly session?: Partial<Session>;
  readonly sender?: string | null;
  readonly recipient?: string;
}

/** What has been warned of. */
export class Warnings implements Logger {
  readonly heard: string[] = [];
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(_fields: unknown, message: string): void {
    this.heard.push(message);
  }
  error(): void {}
  fatal(): void {}
  child(): Logger {
    return this;
  }
  enabled(): boolean {
    return true;
  }
}

/** One policy with its clock and its store. */
export class Desk {
  readonly policy: GreylistPolicy;
  readonly warnings = new Warnings();

  constructor(
    options: Written = {},
    readonly clock = new FakeClock(),
    readonly store: Store = new MapStore(clock),
  ) {
    this.policy = new GreylistPolicy(greylistOptions.parse(options), store, clock, this.warnings);
  }

  async ask(asked: Asked = {}, signal?: AbortSignal): Promise<Verdict> {
    const { client = '192.0.2.1', session, sender = 'ann@example.net', recipient = 'user@example.org' } = asked;
    const reversePath = sender === null ? null : testMailbox(sender);
    return this.policy.rcpt(
      {
        session: testSession({ remoteAddress: client, ...session }),
        envelope: testEnvelope({ reversePath }),
        mailbox: testMailbox(recipient),
        parameters: {},
      },
      testContext(signal),
    );
  }

  /** How it stands with the triple: `new`, `known`, `allowed by client`… */
  async heard(asked: Asked = {}): Promise<string> {
    const verdict = await this.ask(asked);
    const { state = '', by } = verdict.annotate ?? {};
    const kind = isRefusal(verdict) ? 'defer' : 'pass';
    return `${kind}: ${state}${by === undefined ? '' : ` by ${by}`}`;
  }
}
