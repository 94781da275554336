/** Somebody who asks the policy, for the specs. */
import {
  isRefusal,
  type Clock,
  type MaybePromise,
  type Policy,
  type Session,
  type Store,
  type Verdict,
} from '@mailverb/contract';
import { FakeClock, testContext, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { rateLimitOptions } from './rate-limit.options.js';
import { RateLimitPolicy } from './rate-limit.policy.js';
import { MapStore } from './store.fixture.js';

/** Options as they are written. */
export type Written = z.input<typeof rateLimitOptions>;

/** Who asks, and for what. */
export interface Asked {
  readonly session?: Partial<Session>;
  readonly sender?: string | null;
  readonly recipient?: string;
  readonly size?: number;
}

/** One policy with its clock and its store. */
export class Desk {
  readonly policy: Policy;

  constructor(
    options: Written,
    clock: Clock = new FakeClock(),
    readonly store: Store = new MapStore(clock),
  ) {
    this.policy = new RateLimitPolicy(rateLimitOptions.parse(options), store, clock);
  }

  connect({ session }: Asked = {}) {
    return this.policy.connect?.({ session: testSession(session) }, testContext());
  }

  mail({ session, sender = 'ann@example.net', size }: Asked = {}) {
    const reversePath = sender === null ? null : testMailbox(sender);
    const parameters = { SIZE: size };
    return this.policy.mail?.({ session: testSession(session), reversePath, parameters }, testContext());
  }

  rcpt({ session, sender = 'ann@example.net', recipient = 'user@example.org' }: Asked = {}) {
    const envelope = testEnvelope({ reversePath: sender === null ? null : testMailbox(sender) });
    const mailbox = testMailbox(recipient);
    return this.policy.rcpt?.({ session: testSession(session), envelope, mailbox, parameters: {} }, testContext());
  }

  message({ session, sender = 'ann@example.net', size = 1 }: Asked = {}) {
    const envelope = testEnvelope({ reversePath: sender === null ? null : testMailbox(sender) });
    return this.policy.message?.({ session: testSession(session), envelope, size, message: undefined }, testContext());
  }
}

/** `pass`, or the words that refuse. @throws for a promise: whoever asks this wants an answer now. */
export function heard(verdict: MaybePromise<Verdict> | undefined): string {
  if (verdict === undefined || !('kind' in verdict)) throw new Error('no verdict, or not at once');
  return isRefusal(verdict) ? `${verdict.kind} ${verdict.reply}` : verdict.kind;
}
