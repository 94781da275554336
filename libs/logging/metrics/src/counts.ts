/**
 * The numbers, and the registry that they stand in. They belong to the process, as a monitoring system sees processes and no assemblies: the
 * observer that a reload makes goes on with the numbers of the one before it, and sessions that end on the old one are not lost.
 */
import { token } from '@mailverb/contract';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { BoundedCounter } from './bounded.js';

/** Seconds. A delivery to a local disk takes milliseconds, one to another server seconds. */
const DELIVERY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Every number of this plugin. */
export class Counts {
  readonly registry = new Registry();
  readonly sessionsOpen: Gauge<'listener'>;
  readonly sessions = this.counter('sessions_total', 'Sessions that have ended, by the cause of their end.', [
    'listener',
    'cause',
  ]);
  readonly replies = this.counter('replies_total', 'Replies, by the verb that they answer and their first digit.', [
    'verb',
    'reply',
  ]);
  readonly verdicts = this.counter('verdicts_total', 'Verdicts of policies; mode dry-run is asked and not used.', [
    'policy',
    'stage',
    'verdict',
    'mode',
  ]);
  readonly dataOctets = this.counter('data_octets_total', 'Octets of mail data received.', ['listener']);
  readonly transactions = this.counter(
    'transactions_total',
    'Mail transactions, by how they ended and by the first digit of the reply after the mail data.',
    ['listener', 'end', 'reply'],
  );
  readonly recipients = this.counter(
    'recipients_total',
    'Recipients that the delivery has taken, by what became of them.',
    ['listener', 'reply'],
  );
  readonly secured = this.counter('tls_sessions_total', 'TLS handshakes that came to an agreement, by version.', [
    'listener',
    'version',
  ]);
  readonly authentications = this.counter('authentications_total', 'Attempts of AUTH that came to an end.', [
    'listener',
    'result',
  ]);
  readonly limits = this.counter('limits_total', 'Limits and timeouts that were reached, by name.', ['limit']);
  readonly faults = this.counter('faults_total', 'Failures of plugins, by where they happened.', ['where']);
  readonly transactionTime: Histogram;
  readonly deliveryTime: Histogram;
  private watching = false;

  constructor() {
    const registers = [this.registry];
    this.sessionsOpen = new Gauge({
      name: 'mailverb_sessions_open',
      help: 'Sessions that are open.',
      labelNames: ['listener'],
      registers,
    });
    this.transactionTime = new Histogram({
      name: 'mailverb_transaction_seconds',
      help: 'Time from MAIL to the outcome, of transactions that were committed: the pace of the client is in it.',
      buckets: DELIVERY_BUCKETS,
      registers,
    });
    this.deliveryTime = new Histogram({
      name: 'mailverb_delivery_seconds',
      help: 'Time from the last octet of mail data to the outcome, of transactions that were committed.',
      buckets: DELIVERY_BUCKETS,
      registers,
    });
  }

  /** Adds what Node tells about the process: processor, memory, garbage collection, the delay of the event loop. Once. */
  watchProcess(): void {
    if (this.watching) return;
    this.watching = true;
    collectDefaultMetrics({ register: this.registry });
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): BoundedCounter<L> {
    const counter = new Counter({ name: `mailverb_${name}`, help, labelNames, registers: [this.registry] });
    return new BoundedCounter(counter, labelNames.length);
  }
}

/** The numbers that an observer adds to. */
export const ProcessCounts = token<Counts>('logging-metrics:ProcessCounts');

let counts: Counts | undefined;

/** Those of this process. */
export function countsOfProcess(): Counts {
  return (counts ??= new Counts());
}
