/** Networks whose triples have passed so often that all of theirs do (`autoAllow`). */
import type { Clock, Store } from '@mailverb/contract';
import type { GreylistOptions } from './greylist.options.js';
import { lag } from './judge.js';
import { decodeNetwork, encodeNetwork, type NetworkState } from './record.js';
import { PREFIX } from './triple.js';

/** The key of a network. */
export function networkKey(network: string): string {
  return `${PREFIX}:network:${network}`;
}

/** The networks of one instance. */
export class KnownNetworks {
  readonly #after: number;
  readonly #for: number;
  /** As for triples: not every use is written. */
  readonly #lag: number;

  constructor(
    options: NonNullable<GreylistOptions['autoAllow']>,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    this.#after = options.after;
    this.#for = options.for;
    this.#lag = lag({ passedFor: options.for });
  }

  /** True if the network passes. Rejects if that can't be told. */
  async has(network: string): Promise<boolean> {
    const value = await this.store.get(networkKey(network));
    const state = value && decodeNetwork(value);
    if (state === undefined || state.passed < this.#after || this.#isOver(state)) return false;
    if (Math.abs(this.clock.now() - state.used) > this.#lag) await this.#write(network, (passed) => passed);
    return true;
  }

  /** One more of its triples has waited and passed. */
  async passed(network: string): Promise<void> {
    await this.#write(network, (passed) => Math.min(passed + 1, 0xffff_ffff));
  }

  async #write(network: string, next: (passed: number) => number): Promise<void> {
    await this.store.update(networkKey(network), (value) => {
      const before = value && decodeNetwork(value);
      const passed = next(before === undefined || this.#isOver(before) ? 0 : before.passed);
      const state = { passed, used: Math.floor(this.clock.now()) };
      return { value: encodeNetwork(state, network), ttlMs: this.#for + this.#lag + 1 };
    });
  }

  /** Another instance may have kept it for longer. */
  #isOver({ used }: NetworkState): boolean {
    return this.clock.now() - used > this.#for + this.#lag;
  }
}
