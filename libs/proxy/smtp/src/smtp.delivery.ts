/**
 * The live proxy: another mail server answers while the client waits. Its verdict on each recipient is ours, its reply at the end is ours, and EHLO offers
 * nothing that it could not take. It hears of a message when the first recipient has passed our policies, and of nothing before.
 */
import {
  Clock,
  Listener,
  Logger,
  Options,
  isPromise,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type ListenerInfo,
  type MaybePromise,
  type Session,
} from '@mailverb/contract';
import { PART_FAILED, SplitTransaction, refusalOf, type Splitting, type Way } from '@mailverb/body';
import type { Target } from '@mailverb/client';
import { HopTransaction, NextHops, type NextHop } from '@mailverb/next-hop';
import { Reply, reply } from '@mailverb/protocol';
import { resolve } from 'node:path';
import { inject, injectable } from 'tsyringe';
import { Choice, type Question } from './choice.js';
import { offeredBehind } from './keywords.js';
import type { Place } from './place.js';
import type { ProxyOptions } from './smtp.options.js';

const NO_SERVER = reply(550, '5.7.1', 'no mail server for this recipient');

/** How long the start waits for the server behind: what it offers is better known before the first client than after. */
const PROBE_MS = 2000;

/** The delivery strategy proxy. */
@injectable()
export class ProxyDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  private readonly hops: NextHops;
  /** Where mail goes that no table sends elsewhere. */
  private readonly usual: Target | undefined;
  private readonly choice: Choice | undefined;

  constructor(
    @inject(Options) private readonly options: ProxyOptions,
    @inject(Listener) private readonly listener: ListenerInfo,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { protocol, xclient, proxyProtocol, host, port, path, choose } = options;
    this.hops = new NextHops(options, { protocol, xclient, proxyHeader: proxyProtocol }, clock);
    this.usual = host !== undefined ? { host, port } : path === undefined ? undefined : { path: resolve(path) };
    this.choice = choose === undefined ? undefined : new Choice(choose, clock, logger);
  }

  async start(): Promise<void> {
    await this.hops.start();
    await this.choice?.start();
    const { usual } = this;
    if (this.options.keywords === 'ours' || usual === undefined) return;
    // One that is down is no reason not to start: it defers, and is asked again with the first message.
    await new Promise<void>((done) => {
      const alarm = this.clock.after(PROBE_MS, done);
      void this.hop(usual)
        .probe()
        .then(() => {
          alarm.cancel();
          done();
        });
    });
  }

  async stop(): Promise<void> {
    await this.hops.stop();
    await this.choice?.stop();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    const { choice, usual } = this;
    if (choice === undefined && usual !== undefined) return this.way(usual).strategy.begin(envelope, session);
    const splitting: Splitting = {
      choose: (recipient) => this.choose({ recipient, session, reversePath: envelope.reversePath }),
      fault: (way, error, step) => {
        const why = error instanceof Error ? error.message : String(error);
        this.logger.warn(
          { why, step, transaction: envelope.id, hop: way.key },
          'proxy: a server behind has not taken a message',
        );
        return refusalOf(error, PART_FAILED);
      },
    };
    return new SplitTransaction(splitting, { envelope, session, context });
  }

  /** What all servers behind can take, as far as they are known. */
  offers(keyword: string, argument: string | undefined): string | undefined | false {
    if (this.options.keywords === 'ours') return argument;
    let offered: string | undefined | false = argument;
    for (const { capabilities } of this.hops.known()) {
      offered = offeredBehind(capabilities, keyword, offered);
      if (offered === false) return false;
    }
    return offered;
  }

  sessionClosed(session: Session): void {
    this.hops.sessionClosed(session);
  }

  private choose(question: Question): MaybePromise<Way | Reply> {
    const place = this.choice?.of(question);
    return isPromise(place) ? place.then((found) => this.wayTo(found)) : this.wayTo(place);
  }

  private wayTo(place: Place | Reply | undefined): Way | Reply {
    if (place instanceof Reply) return place;
    const target = place ?? this.usual;
    return target === undefined ? NO_SERVER : this.way(target);
  }

  private way(
    target: Target,
  ): Way & { readonly strategy: { begin(envelope: Envelope, session: Session): DeliveryTransaction } } {
    const hop = this.hop(target);
    const { words } = this.options;
    const begin = (envelope: Envelope, session: Session) =>
      new HopTransaction(() => [hop], { envelope, session, logger: this.logger, words });
    return { key: hop.name, strategy: { durability: 'remote', begin } };
  }

  private hop(target: Target): NextHop {
    return this.hops.at(target, this.listener.hostname);
  }
}
