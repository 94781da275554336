/**
 * LMTP (RFC 2033): gives messages to a mail store, which answers for each recipient. Where one mailbox is full and the other is not, both are told so, and
 * nothing is delivered twice.
 */
import {
  Clock,
  Logger,
  Options,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Session,
} from '@mailverb/contract';
import { HopTransaction, NextHops } from '@mailverb/next-hop';
import { resolve } from 'node:path';
import { inject, injectable } from 'tsyringe';
import type { LmtpOptions } from './lmtp.options.js';

type Target = { readonly path: string } | { readonly host: string; readonly port: number };

/** The delivery strategy lmtp. */
@injectable()
export class LmtpDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  private readonly hops: NextHops;
  private readonly target: Target;

  constructor(
    @inject(Options) options: LmtpOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.hops = new NextHops(options, { protocol: 'lmtp' }, clock);
    const { host, port, path } = options;
    this.target = host === undefined ? { path: resolve(path ?? '') } : { host, port };
  }

  start(): Promise<void> {
    return this.hops.start();
  }

  stop(): Promise<void> {
    return this.hops.stop();
  }

  begin(envelope: Envelope, session: Session): DeliveryTransaction {
    return new HopTransaction(() => [this.hops.at(this.target, session.listener.hostname)], {
      envelope,
      session,
      logger: this.logger,
    });
  }
}
