/**
 * The live proxy: another mail server answers while the client waits. Its verdict on each recipient is ours, its reply at the end is ours, and EHLO offers
 * nothing that it could not take. It hears of a message when the first recipient has passed our policies, and of nothing before.
 */
import {
  Clock,
  Listener,
  Logger,
  Options,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type ListenerInfo,
  type Session,
} from '@mailverb/contract';
import { HopTransaction, NextHops, type NextHop } from '@mailverb/next-hop';
import { resolve } from 'node:path';
import { inject, injectable } from 'tsyringe';
import { offeredBehind } from './keywords.js';
import type { ProxyOptions } from './proxy.options.js';

/** How long the start waits for the server behind: what it offers is better known before the first client than after. */
const PROBE_MS = 2000;

/** The delivery strategy proxy. */
@injectable()
export class ProxyDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  private readonly hops: NextHops;

  constructor(
    @inject(Options) private readonly options: ProxyOptions,
    @inject(Listener) private readonly listener: ListenerInfo,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { protocol, xclient, proxyHeader } = options;
    this.hops = new NextHops(options, { protocol, xclient, proxyHeader }, clock);
  }

  async start(): Promise<void> {
    await this.hops.start();
    if (this.options.keywords === 'ours') return;
    // One that is down is no reason not to start: it defers, and is asked again with the first message.
    await new Promise<void>((done) => {
      const alarm = this.clock.after(PROBE_MS, done);
      void this.hop()
        .probe()
        .then(() => {
          alarm.cancel();
          done();
        });
    });
  }

  stop(): Promise<void> {
    return this.hops.stop();
  }

  begin(envelope: Envelope, session: Session): DeliveryTransaction {
    return new HopTransaction(() => [this.hop()], {
      envelope,
      session,
      logger: this.logger,
      words: this.options.words,
    });
  }

  offers(keyword: string, argument: string | undefined): string | undefined | false {
    if (this.options.keywords === 'ours') return argument;
    return offeredBehind(this.hop().capabilities, keyword, argument);
  }

  sessionClosed(session: Session): void {
    this.hops.sessionClosed(session);
  }

  private hop(): NextHop {
    const { host, port, path } = this.options;
    const target = host === undefined ? { path: resolve(path ?? '') } : { host, port };
    return this.hops.at(target, this.listener.hostname);
  }
}
