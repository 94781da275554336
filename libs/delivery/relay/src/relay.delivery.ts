/**
 * Relay: gives messages to another server while the client waits. Our 250 is that server's: nothing is stored here, and nothing is promised that it has not
 * promised.
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
import { HopTransaction, NextHops, type NextHop } from '@mailverb/next-hop';
import { inject, injectable } from 'tsyringe';
import type { RelayOptions } from './relay.options.js';

/** The hops of one priority. */
interface Tier {
  readonly targets: readonly { readonly host: string; readonly port: number }[];
  /** Whose turn it is. */
  turn: number;
}

/** The delivery strategy relay. */
@injectable()
export class RelayDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  private readonly hops: NextHops;
  private readonly tiers: readonly Tier[];
  private readonly inTurn: boolean;

  constructor(
    @inject(Options) options: RelayOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.hops = new NextHops(options, { protocol: 'smtp', xclient: options.xclient }, clock);
    this.inTurn = options.balance === 'round-robin';
    this.tiers = tiersOf(options);
  }

  start(): Promise<void> {
    return this.hops.start();
  }

  stop(): Promise<void> {
    return this.hops.stop();
  }

  sessionClosed(session: Session): void {
    this.hops.sessionClosed(session);
  }

  begin(envelope: Envelope, session: Session): DeliveryTransaction {
    return new HopTransaction(() => this.inOrder(session), { envelope, session, logger: this.logger });
  }

  /** By priority, within it by turns; those that could not be reached a moment ago are last, but not left out. */
  private inOrder(session: Session): readonly NextHop[] {
    const hops: NextHop[] = [];
    for (const tier of this.tiers) {
      const { targets, turn } = tier;
      if (this.inTurn) tier.turn = (turn + 1) % targets.length;
      for (let i = 0; i < targets.length; i++) {
        const target = targets[(turn + i) % targets.length];
        if (target !== undefined) hops.push(this.hops.at(target, session.listener.hostname));
      }
    }
    if (hops.length === 1 || !hops.some((hop) => hop.resting)) return hops;
    return [...hops.filter((hop) => !hop.resting), ...hops.filter((hop) => hop.resting)];
  }
}

function tiersOf({ host, port, hosts }: RelayOptions): readonly Tier[] {
  if (hosts === undefined) return [{ targets: host === undefined ? [] : [{ host, port }], turn: 0 }];
  const priorities = [...new Set(hosts.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  return priorities.map((priority) => ({ targets: hosts.filter((hop) => hop.priority === priority), turn: 0 }));
}
