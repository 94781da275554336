/** The worker's end of the channel: who orders stops and reloads, counts connections and asks for numbers is the primary process. */
import type { Admission, AdmissionLimits, Refused } from '@mailverb/core';
import type { Page } from './page.js';
import type { Supervisor } from './supervisor.js';
import type { Entering, Leaving, Order, Report, WorkerChannel } from './worker.js';

/** The channel. */
export interface Channel {
  send(report: Report): void;
  onOrder(handler: (order: Order) => void): void;
  /** The primary process has gone. */
  onGone(handler: () => void): void;
}

type Handler = () => void;

export class WorkerLink implements WorkerChannel, Supervisor {
  readonly admission: Admission;
  private readonly asked = new Map<
    number,
    { resolve(refused: Refused | undefined): void; reject(error: Error): void }
  >();
  private ids = 0;
  private entering: Entering[] = [];
  private left: Leaving[] = [];
  private gone = false;
  private give: () => Promise<Page | undefined> = () => Promise.resolve(undefined);
  private readonly handlers = { stop: new Set<Handler>(), reload: new Set<Handler>(), reopen: new Set<Handler>() };

  constructor(
    readonly slot: number,
    private readonly channel: Channel,
  ) {
    this.admission = {
      enter: (listener, network, limits) => this.enter(listener, network, limits),
      leave: (listener, network) => this.leave({ listener, network }),
    };
    channel.onOrder((order) => this.onOrder(order));
    channel.onGone(() => this.onGone());
  }

  onMetrics(give: () => Promise<Page | undefined>): void {
    this.give = give;
  }

  on(what: 'stop' | 'reload' | 'reopen', handler: Handler): () => void {
    const handlers = this.handlers[what];
    handlers.add(handler);
    // It was told before anybody listened.
    if (what === 'stop' && this.gone) handler();
    return () => handlers.delete(handler);
  }

  // Supervisor

  ready(addresses: Parameters<Supervisor['ready']>[0]): void {
    this.send({ type: 'ready', addresses });
  }
  reloading(): void {
    // Whoever has ordered it knows.
  }
  reloaded(ok: boolean): void {
    this.send({ type: 'reloaded', ok });
  }
  stopping(): void {
    this.send({ type: 'stopping' });
  }

  private enter(listener: string, network: string, limits: AdmissionLimits): Promise<Refused | undefined> {
    if (this.gone) return Promise.reject(uncounted());
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.flushLater();
      this.entering.push({ id, listener, network, limits });
    });
  }

  private leave(leaving: Leaving): void {
    this.flushLater();
    this.left.push(leaving);
  }

  /** When all that has come from the network at once was looked at. */
  private flushLater(): void {
    if (this.entering.length === 0 && this.left.length === 0) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { left, entering } = this;
    this.left = [];
    this.entering = [];
    this.send({ type: 'connections', left, entering });
  }

  private onOrder(order: Order): void {
    switch (order.type) {
      case 'entered':
        for (const { id, refused } of order.answers) {
          const asked = this.asked.get(id);
          this.asked.delete(id);
          asked?.resolve(refused ?? undefined);
        }
        return;
      case 'metrics':
        void this.answerMetrics(order.id);
        return;
      default:
        for (const handler of this.handlers[order.type]) handler();
    }
  }

  private async answerMetrics(id: number): Promise<void> {
    const page = await this.give().catch(() => undefined);
    this.send({ type: 'metrics', id, page: page ?? null });
  }

  /** Nobody counts any more: nobody is let in, and what is under way is brought to its end (attack A26). */
  private onGone(): void {
    if (this.gone) return;
    this.gone = true;
    for (const { reject } of this.asked.values()) reject(uncounted());
    this.asked.clear();
    for (const handler of this.handlers.stop) handler();
  }

  private send(report: Report): void {
    if (!this.gone) this.channel.send(report);
  }
}

function uncounted(): Error {
  return new Error('the primary process has gone: connections can not be counted');
}
