/** One limit: its buckets in the store, and its words. */
import { createHash } from 'node:crypto';
import {
  defer,
  hangup,
  isPromise,
  reject,
  type Clock,
  type MaybePromise,
  type Refusal,
  type Store,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { decodeBucket, keep, refilled, returned, taken, waitFor, type Bucket } from './bucket.js';
import type { Counted, RateLimitRule } from './rate-limit.options.js';
import { subjectOf, type Facts } from './subject.js';

/** Changes with what is kept under the keys: two versions that share a store must not misread each other. */
const PREFIX = 'policy-rate-limit:1';

/** What was taken out of a bucket, and can be put back. */
export interface Taken {
  giveBack(): MaybePromise<unknown>;
}

const TOO_MANY: Readonly<Record<Counted, (name: string) => Refusal>> = {
  connections: (name) => hangup(reply(421, '4.7.0', `too many connections, try again later (rate limit ${name})`)),
  messages: (name) => defer(reply(451, '4.7.1', `too many messages, try again later (rate limit ${name})`)),
  // RFC 5321 4.5.3.1.10: those that were taken may be sent to, and this one later.
  recipients: (name) => defer(reply(452, '4.5.3', `too many recipients, try again later (rate limit ${name})`)),
  bytes: (name) => defer(reply(452, '4.7.1', `too much mail, try again later (rate limit ${name})`)),
};

/** One rule of an instance. */
export class Rule {
  readonly of: Counted;
  readonly #rule: RateLimitRule;
  /** What is the same for all of its keys. */
  readonly #terms: string;
  readonly #tooMany: Refusal;
  readonly #tooBig: Refusal;

  constructor(
    rule: RateLimitRule,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    const { name, of, by, limit, per, burst, prefixes } = rule;
    this.of = of;
    this.#rule = rule;
    // All of it: a bucket that two rules with other rates share would keep neither.
    this.#terms = JSON.stringify([name, of, by, limit, per, burst, prefixes.ipv4, prefixes.ipv6]);
    this.#tooMany = TOO_MANY[of](name);
    this.#tooBig = reject(
      reply(552, '5.3.4', `message too large: at most ${burst} octets at once (rate limit ${name})`),
      `never fits rate limit ${name}`,
    );
  }

  /** The key of the bucket that counts here; undefined if none does. */
  keyFor(facts: Facts): string | undefined {
    const subject = subjectOf(this.#rule.by, facts, this.#rule.prefixes);
    if (subject === undefined) return undefined;
    // Of any length and with any characters in it, it is one key (attack A10); names are nobody's to read in a store.
    const hash = createHash('sha256').update(this.#terms).update(subject).digest('base64url');
    return `${PREFIX}:${this.#rule.name}:${hash}`;
  }

  /** The refusal of what could never pass, however long one waits. */
  tooBig(amount: number): Refusal | undefined {
    return amount > this.#rule.burst ? this.#tooBig : undefined;
  }

  /** Takes, or refuses if there is not enough. */
  take(key: string, amount: number): MaybePromise<Taken | Refusal> {
    let result: Taken | Refusal = this.#tooMany;
    const written = this.store.update(key, (value) => {
      const now = this.#now();
      const before = value && decodeBucket(value);
      const bucket = refilled(before, now, this.#rule);
      const after = taken(bucket, amount, this.#rule);
      // May be called again on a conflict: the last call is the one that is written.
      result = after === undefined ? this.#notNow(bucket, amount, now) : this.#taken(key, amount, now);
      return keep(after ?? unchanged(before, bucket), now, this.#rule);
    });
    return isPromise(written) ? written.then(() => result) : result;
  }

  /** The refusal if there is not enough; takes nothing. */
  look(key: string, amount: number): MaybePromise<Refusal | undefined> {
    const judge = (value: Uint8Array | undefined): Refusal | undefined => {
      const now = this.#now();
      const bucket = refilled(value && decodeBucket(value), now, this.#rule);
      return taken(bucket, amount, this.#rule) === undefined ? this.#notNow(bucket, amount, now) : undefined;
    };
    const value = this.store.get(key);
    return isPromise(value) ? value.then(judge) : judge(value);
  }

  /** In whole milliseconds, as they are kept: a part of one that is lost with each bucket that is written would let too much through. */
  #now(): number {
    return Math.floor(this.clock.now());
  }

  #taken(key: string, amount: number, at: number): Taken {
    return {
      giveBack: () =>
        this.store.update(key, (value) => {
          if (value === undefined) return undefined;
          const now = this.#now();
          const bucket = refilled(decodeBucket(value), now, this.#rule);
          return keep(returned(bucket, amount, Math.max(0, now - at), this.#rule), now, this.#rule);
        }),
    };
  }

  #notNow(bucket: Bucket, amount: number, now: number): Refusal {
    const seconds = Math.ceil(waitFor(bucket, amount, now, this.#rule) / 1000);
    return { ...this.#tooMany, reason: `rate limit ${this.#rule.name} is used up, enough again in ${seconds} s` };
  }
}

/** What is written where nothing was taken: what was there, unless its time was wrong. */
function unchanged(before: Bucket | undefined, bucket: Bucket): Bucket {
  return before === undefined || before.at > bucket.at ? bucket : before;
}
