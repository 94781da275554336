/** Whoever supervises this process, and wants to know how it is doing: systemd, or the process that has started it as one of several. */
import type { BoundAddress } from '@mailverb/core';

/** Is told. What it does with it is its own business: it never throws, and never keeps the server waiting. */
export interface Supervisor {
  /** It listens, for the first time. */
  ready(addresses: readonly BoundAddress[]): void;
  /** It looks at its configuration anew. */
  reloading(): void;
  /** It is done with that; `ok` says whether the new one is in use. */
  reloaded(ok: boolean): void;
  /** It accepts no more, and ends when what is under way has ended. */
  stopping(): void;
}

/** Nobody. */
export const UNSUPERVISED: Supervisor = {
  ready: () => undefined,
  reloading: () => undefined,
  reloaded: () => undefined,
  stopping: () => undefined,
};
