/**
 * Failures, counted across sessions and processes in the store (attack A18).
 *
 * An attempt is counted before it is checked, so that any number of guesses at once are no more guesses than one after another; only success takes
 * it back, and takes back nothing else. What else ends an attempt (a line that makes no sense, `*`, the end of the connection, an authenticator that
 * can't tell) may be a guess whose answer was not wanted, or was seen on the way.
 *
 * Three counts, of which two matter to an attempt:
 * - of the address: whoever guesses many names from one place. Somebody's success there is no reason to forget it, or a guesser with an
 *   account of his own would begin anew whenever he likes.
 * - of the identity: whoever guesses one name from many places.
 * - of the identity at a familiar address, in place of the identity's: without it anybody could lock anybody out. Success there begins it
 *   anew, so that a device with an old password does not lock out the others beside it. What bounds it is the address's own count: where
 *   that is not kept, no address is familiar.
 */
import { createHash } from 'node:crypto';
import type { Clock, Session, Store } from '@mailverb/contract';
import { ONE_CUSTOMER, matchesCidr, networkOf } from '@mailverb/options';
import type { FailureRules } from './auth.options.js';
import { decodeCount, isLocked, keep, withFailure, withoutFailure, type Count, type CountRules } from './count.js';

/** Changes with what is kept under the keys: two versions that share a store must not misread each other. */
const PREFIX = 'verb-auth:1';

/**
 * Who is at the limit may be so by attempts that are being checked, and many connections that log in at once are no attack: for so long it is
 * asked again, if the last attempt that was counted is young enough to be one of those.
 */
const ASK_AGAIN_MS: readonly number[] = [100, 200, 400, 800, 1600];
const YOUNG_MS = 5000;

/** An attempt that may be checked. */
export interface CountedAttempt {
  /** How many failures there are if this is one, the most of those that matter. */
  readonly failures: number;
  /** It was none. */
  succeeded(): Promise<void>;
}

/** An attempt that may not. */
export interface LockedOut {
  readonly locked: 'address' | 'identity';
  readonly failures: number;
}

/** One that was counted, where and when. */
interface Counted {
  readonly key: string;
  readonly rules: CountRules;
  readonly failures: number;
  readonly since: number;
}

/** At its limit. */
interface Full {
  /** When the last attempt was counted. */
  readonly lockedSince: number;
}

/** The counts. All rejects where the store does. */
export class FailureCounts {
  readonly #rules: FailureRules;
  readonly #address: CountRules;
  readonly #identity: CountRules;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(rules: FailureRules, store: Store, clock: Clock) {
    const { window, lockout } = rules;
    this.#rules = rules;
    this.#address = { limit: rules.perAddress, window, lockout };
    this.#identity = { limit: rules.perIdentity, window, lockout };
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Counts one attempt.
   * @param identity as the client claims it; empty where it claims none, as with a bearer token.
   */
  async begin(session: Session, identity: string): Promise<CountedAttempt | LockedOut> {
    const network = this.#networkOf(session);
    const address =
      network === undefined ? undefined : await this.#enter(`${PREFIX}:address:${network}`, this.#address);
    if (address === 'locked') return { locked: 'address', failures: this.#address.limit };
    if (identity === '' || this.#identity.limit === 0) return this.#attempt(address, undefined, undefined);
    const who = fold(identity);
    const familiar = network === undefined ? undefined : `${PREFIX}:familiar:${hash(who, network)}`;
    let counted = familiar === undefined ? undefined : await this.#enter(familiar, this.#identity, true);
    counted ??= await this.#enter(`${PREFIX}:identity:${hash(who)}`, this.#identity);
    // The address stays counted: names that are locked out are not to be tried for nothing.
    if (counted === 'locked') return { locked: 'identity', failures: this.#identity.limit };
    return this.#attempt(address, counted, familiar);
  }

  /** Whom the address is counted for; undefined if it is not. */
  #networkOf({ remoteAddress }: Session): string | undefined {
    if (this.#address.limit === 0 || matchesCidr(this.#rules.shared, remoteAddress)) return undefined;
    return networkOf(remoteAddress, ONE_CUSTOMER);
  }

  #attempt(address: Counted | undefined, who: Counted | undefined, familiar: string | undefined): CountedAttempt {
    return {
      failures: Math.max(address?.failures ?? 1, who?.failures ?? 1),
      succeeded: async () => {
        await Promise.all([
          address === undefined ? undefined : this.#takeBack(address),
          who === undefined || who.key === familiar ? undefined : this.#takeBack(who),
          familiar === undefined ? undefined : this.#greet(familiar),
        ]);
      },
    };
  }

  /** One more there, unless it is at its limit. Undefined if `onlyIfThere`, and there is nothing. */
  async #enter(key: string, rules: CountRules, onlyIfThere = false): Promise<Counted | 'locked' | undefined> {
    for (const ms of ASK_AGAIN_MS) {
      const counted = await this.#count(key, rules, onlyIfThere);
      if (counted === undefined || !('lockedSince' in counted)) return counted;
      if (this.#clock.now() - counted.lockedSince > YOUNG_MS) return 'locked';
      await new Promise<void>((resolve) => void this.#clock.after(ms, resolve));
    }
    const counted = await this.#count(key, rules, onlyIfThere);
    return counted !== undefined && 'lockedSince' in counted ? 'locked' : counted;
  }

  async #count(key: string, rules: CountRules, onlyIfThere: boolean): Promise<Counted | Full | undefined> {
    let result: Counted | Full | undefined;
    await this.#store.update(key, (value) => {
      // May be called again on a conflict: the last call is the one that is written.
      result = undefined;
      if (value === undefined && onlyIfThere) return undefined;
      const before = value === undefined ? undefined : decodeCount(value);
      const now = this.#clock.now();
      if (before !== undefined && isLocked(before, now, rules)) {
        result = { lockedSince: before.last };
        return keep(before, now, rules);
      }
      const after = withFailure(before, now, rules);
      result = { key, rules, failures: after.failures, since: after.since };
      return keep(after, now, rules);
    });
    return result;
  }

  async #takeBack({ key, rules, since }: Counted): Promise<void> {
    await this.#store.update(key, (value) => {
      if (value === undefined) return undefined;
      return keep(withoutFailure(decodeCount(value), since), this.#clock.now(), rules);
    });
  }

  /** The identity has been here: no failures, and none of other places count. */
  async #greet(key: string): Promise<void> {
    const now = this.#clock.now();
    const count: Count = { failures: 0, since: now, last: now, familiarUntil: now + this.#rules.familiar };
    const kept = keep(count, now, this.#identity);
    if (kept !== undefined) await this.#store.set(key, kept.value, kept.ttlMs);
  }
}

/** As directories compare names, or nearly: whoever guesses must not have a new count for each spelling. */
function fold(identity: string): string {
  return identity.normalize('NFKC').toLowerCase().trim();
}

/** Of any length and with any characters in it, a name is one key, and no name is another's (attack A10). Names are nobody's to read in a store. */
function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
