/**
 * Greylisting (RFC 6647): who is not known is asked to come again, which a mail server does and much that sends spam does not.
 *
 * Known is a triple: the client's network, the sender, the recipient. Each recipient is judged alone (defect K7). It never vouches for anybody:
 * `recipients` does, or whoever knows. What is known stands in the store, and changes there in one step, so that any number of sessions and processes
 * may ask at once. A store that fails is an error that is let through: the core defers (defect K5).
 */
import {
  Clock,
  Logger,
  Options,
  Store,
  defer,
  pass,
  type Lifecycle,
  type MaybePromise,
  type Policy,
  type PolicyContext,
  type RcptInput,
  type Refusal,
  type Verdict,
} from '@mailverb/contract';
import { networkOf } from '@mailverb/options';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { AllowList } from './allow-list.js';
import { Counts } from './counts.js';
import type { GreylistOptions } from './greylist.options.js';
import { judge, timeToLive, waitOf, type Judgement } from './judge.js';
import { KnownNetworks } from './known-networks.js';
import { decodeState, encodeState } from './record.js';
import { LOCAL, encodeTriple, keyOf, pathText, type Triple } from './triple.js';

const LATER = defer(reply(451, '4.7.1', 'greylisted, try again later'));

/** The policy greylist. */
@injectable()
export class GreylistPolicy implements Policy, Lifecycle {
  readonly #options: GreylistOptions;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #allowed: AllowList;
  readonly #networks: KnownNetworks | undefined;
  readonly #counts: Counts;

  constructor(
    @inject(Options) options: GreylistOptions,
    @inject(Store) store: Store,
    @inject(Clock) clock: Clock,
    @inject(Logger) logger: Logger,
  ) {
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#allowed = new AllowList(options);
    this.#networks = options.autoAllow && new KnownNetworks(options.autoAllow, store, clock);
    this.#counts = new Counts(options.countDays, store, clock, logger);
  }

  stop(): Promise<void> {
    return this.#counts.stop();
  }

  rcpt({ session, envelope, mailbox }: RcptInput, { signal }: PolicyContext): MaybePromise<Verdict> {
    // Whoever is not ours is nobody's to keep: who vouches for it decides, or the core refuses.
    if (this.#options.domains?.has(mailbox.domain) === false) return pass();
    const { reversePath: sender } = envelope;
    const by = this.#allowed.find({ session, sender, recipient: mailbox });
    if (by !== undefined) {
      this.#counts.add('allowed');
      return pass({ state: 'allowed', by });
    }
    const { foldLocal } = this.#options;
    const triple: Triple = {
      network:
        networkOf(session.remoteAddress, {
          ipv4: this.#options.ipv4Prefix,
          ipv6: this.#options.ipv6Prefix,
        }) ?? LOCAL,
      sender: pathText(sender, foldLocal),
      recipient: pathText(mailbox, foldLocal),
    };
    return this.#decide(triple, signal);
  }

  async #decide(triple: Triple, signal: AbortSignal): Promise<Verdict> {
    if ((await this.#networks?.has(triple.network)) === true) {
      this.#counts.add('autoAllowed');
      return pass({ state: 'auto-allowed' });
    }
    // The time is up or the client has gone: nobody hears the answer any more.
    signal.throwIfAborted();
    const judgement = await this.#judge(triple);
    this.#counts.add(judgement.outcome);
    if (judgement.outcome === 'passed') await this.#networks?.passed(triple.network);
    signal.throwIfAborted();
    return this.#verdict(judgement);
  }

  /** Reads first: most who come again change nothing, and a look costs a tenth of a transaction. */
  async #judge(triple: Triple): Promise<Judgement> {
    const names = encodeTriple(triple);
    const key = keyOf(names);
    const known = await this.#store.get(key);
    let judgement = this.#judgeNow(known);
    if (!judgement.changed) return judgement;
    await this.#store.update(key, (value) => {
      // What another session has written meanwhile counts; the last call is the one that is written.
      judgement = this.#judgeNow(value);
      const ttlMs = timeToLive(judgement.state, this.#now(), this.#options);
      return { value: encodeState(judgement.state, names), ttlMs };
    });
    return judgement;
  }

  #judgeNow(value: Uint8Array | undefined): Judgement {
    return judge(value && decodeState(value), this.#now(), this.#options);
  }

  #now(): number {
    return Math.floor(this.#clock.now());
  }

  #verdict({ outcome, state }: Judgement): Verdict {
    const { since, used } = state;
    switch (outcome) {
      case 'passed':
        return pass({ state: 'passed', waited: `${Math.round((used - since) / 1000)} s` });
      case 'known':
        return pass({ state: 'known' });
      case 'new':
      case 'early':
      case 'waiting':
        return this.#refusal(outcome, Math.ceil(waitOf(state, this.#now(), this.#options) / 1000));
    }
  }

  #refusal(state: 'new' | 'early' | 'waiting', seconds: number): Refusal {
    const words = `greylisted, try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
    const refusal = this.#options.tellWait ? defer(reply(451, '4.7.1', words)) : LATER;
    return { ...refusal, reason: `greylist: ${state}, ${seconds} s left`, annotate: { state } };
  }
}
