/** Admission: how many connections there may be, in all and from one address (attack A13). */
import type { MaybePromise } from '@mailverb/contract';

/** Why a connection is not taken: the limit's name. */
export type Refused = 'connections' | 'connectionsPerAddress';

/** How many there may be. */
export interface AdmissionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/** Counts connections. */
export interface Admission {
  /**
   * Undefined if one more is taken, and counted from now on.
   * @param listener its name: each is counted for itself.
   * @param network whom to count together: `ONE_CUSTOMER` of @mailverb/options; empty for nobody in particular, as on a unix socket.
   */
  enter(listener: string, network: string, limits: AdmissionLimits): MaybePromise<Refused | undefined>;
  /** One that was taken has gone. */
  leave(listener: string, network: string): void;
}

/** Counts those of this process. */
export class LocalAdmission implements Admission {
  private readonly listeners = new Map<string, { total: number; readonly networks: Map<string, number> }>();

  enter(listener: string, network: string, limits: AdmissionLimits): Refused | undefined {
    let counts = this.listeners.get(listener);
    if (counts === undefined) this.listeners.set(listener, (counts = { total: 0, networks: new Map() }));
    if (counts.total >= limits.connections) return 'connections';
    const fromThere = counts.networks.get(network) ?? 0;
    if (network !== '' && fromThere >= limits.connectionsPerAddress) return 'connectionsPerAddress';
    counts.total += 1;
    counts.networks.set(network, fromThere + 1);
    return undefined;
  }

  leave(listener: string, network: string): void {
    const counts = this.listeners.get(listener);
    if (counts === undefined) return;
    counts.total -= 1;
    const left = (counts.networks.get(network) ?? 1) - 1;
    if (left > 0) counts.networks.set(network, left);
    else counts.networks.delete(network);
  }
}
