/** How much may be in flight: a broker that is slow must cost waiting and then a 4xx, never memory without bound (attack A13). */
import type { Alarm, Clock } from '@mailverb/contract';

/** What may be in flight at once. */
export interface GateLimits {
  readonly messages: number;
  readonly octets: number;
  /** Milliseconds that somebody waits for his turn. */
  readonly wait: number;
}

interface Waiting {
  readonly octets: number;
  readonly enter: () => void;
}

/** Lets messages in, first come, first served. One that is larger than all there is room for goes alone. */
export class Gate {
  private messages = 0;
  private octets = 0;
  /** In the order in which they came. */
  private readonly queue = new Set<Waiting>();

  constructor(
    private readonly limits: GateLimits,
    private readonly clock: Clock,
  ) {}

  /** Messages that are in flight. */
  get inFlight(): number {
    return this.messages;
  }

  /** Gives what to call when the message is in flight no more, or undefined if its turn did not come in time. */
  enter(octets: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.queue.size === 0 && this.fits(octets)) return Promise.resolve(this.admit(octets));
    return new Promise((resolve) => {
      let alarm: Alarm | undefined = undefined;
      const settle = (result: (() => void) | undefined) => {
        this.queue.delete(waiting);
        alarm?.cancel();
        signal.removeEventListener('abort', giveUp);
        resolve(result);
      };
      const waiting = { octets, enter: () => settle(this.admit(octets)) };
      const giveUp = () => {
        settle(undefined);
        // It may have kept smaller ones behind it waiting.
        this.next();
      };
      this.queue.add(waiting);
      alarm = this.clock.after(this.limits.wait, giveUp);
      signal.addEventListener('abort', giveUp);
    });
  }

  private fits(octets: number): boolean {
    if (this.messages === 0) return true;
    return this.messages < this.limits.messages && this.octets + octets <= this.limits.octets;
  }

  private admit(octets: number): () => void {
    this.messages += 1;
    this.octets += octets;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.messages -= 1;
      this.octets -= octets;
      this.next();
    };
  }

  private next(): void {
    for (const waiting of this.queue) {
      if (!this.fits(waiting.octets)) return;
      waiting.enter();
    }
  }
}
