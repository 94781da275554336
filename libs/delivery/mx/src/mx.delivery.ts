/**
 * mx: gives messages to the servers of their recipients, as the DNS has them, while the client waits. Our reply is theirs; recipients of different servers
 * are parted, and each is answered by its own.
 */
import {
  BodyAborted,
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { PART_FAILED, SplitTransaction, refusalOf, type Way } from '@mailverb/body';
import { DnsResolver } from '@mailverb/dns';
import { HopTransaction, NextHops, type NextHop } from '@mailverb/next-hop';
import type { Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { MxOptions } from './mx.options.js';
import { MxResolver, type MxHost } from './resolve.js';

/** The delivery strategy mx. */
@injectable()
export class MxDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  private readonly hops: NextHops;
  private readonly dns: DnsResolver;
  private readonly resolver: MxResolver;

  constructor(
    @inject(Options) private readonly options: MxOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.hops = new NextHops(options, { protocol: 'smtp' }, clock);
    this.dns = new DnsResolver(options.dns, clock);
    this.resolver = new MxResolver(this.dns, options);
  }

  start(): Promise<void> {
    return this.hops.start();
  }

  async stop(): Promise<void> {
    await this.hops.stop();
    this.dns.close();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    const splitting = {
      choose: (recipient: Recipient) => this.choose(recipient, envelope, session, context),
      fault: (way: Way, error: unknown, step: string) => {
        if (!(error instanceof BodyAborted)) {
          const why = error instanceof Error ? error.message : String(error);
          this.logger.warn(
            { why, step, transaction: envelope.id, servers: way.key },
            'mx: the servers of a domain have not taken a message',
          );
        }
        return refusalOf(error, PART_FAILED);
      },
    };
    return new SplitTransaction(splitting, { envelope, session, context });
  }

  private async choose(
    { mailbox }: Recipient,
    envelope: Envelope,
    session: Session,
    { signal }: DeliveryContext,
  ): Promise<Way | Reply> {
    const { hostname } = session.listener;
    const route = await this.resolver.resolve(mailbox.host, hostname, signal);
    if (route.kind === 'refused') {
      const { reason } = route;
      this.logger.info({ reason, domain: mailbox.domain, transaction: envelope.id }, 'mx: no server for a recipient');
      return route.reply;
    }
    const { hosts } = route;
    const begin = (envelopeOfPart: Envelope): DeliveryTransaction =>
      new HopTransaction(() => this.inOrder(hosts, hostname), {
        envelope: envelopeOfPart,
        session,
        logger: this.logger,
      });
    // Domains with the same servers go together, in whatever order their servers came.
    const key = hosts
      .map(({ name, preference }) => `${preference} ${name}`)
      .toSorted()
      .join(', ');
    return { key, strategy: { durability: 'remote', begin } };
  }

  /** RFC 5321 5.1's order; one that could not be reached a moment ago comes after those that were not tried. */
  private inOrder(hosts: readonly MxHost[], hostname: string): readonly NextHop[] {
    const hops = hosts.map(({ name, addresses }) => {
      const target = { host: name, port: this.options.port, addresses: addresses.map(({ address }) => address) };
      return this.hops.at(target, hostname);
    });
    return [...hops.filter((hop) => !hop.resting), ...hops.filter((hop) => hop.resting)];
  }
}
