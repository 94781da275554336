/** What the policy has in its store, for people: to look at, to release, to forget. Used beside servers that run, so each change is one step. */
import type { Clock, Store } from '@mailverb/contract';
import { networkOf } from '@mailverb/options';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { dayKey, dayOf, decodeCounts, type DayCounts } from './counts.js';
import type { GreylistOptions } from './greylist.options.js';
import { judge, timeToLive, type State } from './judge.js';
import { networkKey } from './known-networks.js';
import { decodeState, encodeState, readNetwork, readTriple, type NetworkState } from './record.js';
import { LOCAL, NULL_SENDER, encodeTriple, keyOf, pathText, type Triple } from './triple.js';

/** A triple, and how it stands with it. */
export interface KnownTriple extends Triple {
  readonly state: State;
}

/** A network of which triples have passed. */
export interface KnownNetwork {
  readonly network: string;
  readonly state: NetworkState;
}

/** The numbers of one day, `2026-11-25`. */
export interface CountedDay {
  readonly day: string;
  readonly counts: DayCounts;
}

const DAY_MS = 86_400_000;

/** What one instance of the policy keeps. */
export class GreylistRecords {
  constructor(
    private readonly options: GreylistOptions,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /** False where the store can't say what it has. */
  get canList(): boolean {
    return this.store.values !== undefined;
  }

  /** All that has not expired, in no order; one may come twice if it is written meanwhile. */
  async *triples(): AsyncGenerator<KnownTriple> {
    for await (const value of this.store.values?.() ?? []) {
      const found = readTriple(value);
      if (found !== undefined) yield found;
    }
  }

  /** The same for networks. */
  async *networks(): AsyncGenerator<KnownNetwork> {
    for await (const value of this.store.values?.() ?? []) {
      const found = readNetwork(value);
      if (found !== undefined) yield found;
    }
  }

  /**
   * The triple of these, as the policy would look it up, or what is wrong.
   * @param client an address, a network as the policy has it, or `local`.
   */
  tripleOf(client: string, sender: string, recipient: string): Triple | string {
    const network = this.#network(client);
    if (network === undefined)
      return `client: expected an address or a network of the policy's size (it is "${client}")`;
    const from = sender === NULL_SENDER ? null : parseMailbox(sender);
    if (from === undefined) return `sender: expected an address or <> (it is "${sender}")`;
    const to: Mailbox | undefined = parseMailbox(recipient);
    if (to === undefined) return `recipient: expected an address (it is "${recipient}")`;
    const { foldLocal } = this.options;
    return { network, sender: pathText(from, foldLocal), recipient: pathText(to, foldLocal) };
  }

  /** Lets a triple pass that waits. False for one that does not. */
  release(triple: Triple): Promise<boolean> {
    return this.#write(triple, (state) =>
      state === undefined || state.passed ? undefined : this.#passed(state.since),
    );
  }

  /** Lets a triple pass, whoever it is. */
  async allow(triple: Triple): Promise<void> {
    await this.#write(triple, () => this.#passed(this.#now()));
  }

  async forget(triple: Triple): Promise<void> {
    await this.store.delete(keyOf(encodeTriple(triple)));
  }

  async forgetNetwork(network: string): Promise<void> {
    await this.store.delete(networkKey(network));
  }

  /** The days of which something was counted, the last first. */
  async days(): Promise<readonly CountedDay[]> {
    const found: CountedDay[] = [];
    for (let back = 0; back <= this.options.countDays; back++) {
      const day = dayOf(this.#now() - back * DAY_MS);
      const value = await this.store.get(dayKey(day));
      if (value !== undefined) found.push({ day, counts: decodeCounts(value) });
    }
    return found;
  }

  #network(client: string): string | undefined {
    if (client === LOCAL) return LOCAL;
    const slash = client.indexOf('/');
    const prefixes = { ipv4: this.options.ipv4Prefix, ipv6: this.options.ipv6Prefix };
    const network = networkOf(slash === -1 ? client : client.slice(0, slash), prefixes);
    return slash === -1 || network === client ? network : undefined;
  }

  #passed(since: number): State {
    return { passed: true, since, used: this.#now() };
  }

  /** Writes what `next` makes of what is there, if anything: true if it was. */
  async #write(triple: Triple, next: (state: State | undefined) => State | undefined): Promise<boolean> {
    const names = encodeTriple(triple);
    const key = keyOf(names);
    const stateOf = (value: Uint8Array | undefined): State | undefined => {
      const state = value && decodeState(value);
      // What is over says nothing any more, although a store may have it still.
      return state !== undefined && judge(state, this.#now(), this.options).outcome === 'new' ? undefined : state;
    };
    if (next(stateOf(await this.store.get(key))) === undefined) return false;
    let written = false;
    await this.store.update(key, (value) => {
      const state = stateOf(value);
      const changed = next(state);
      written = changed !== undefined;
      const kept = changed ?? state;
      return kept && { value: encodeState(kept, names), ttlMs: timeToLive(kept, this.#now(), this.options) };
    });
    return written;
  }

  #now(): number {
    return Math.floor(this.clock.now());
  }
}
