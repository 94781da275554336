/** Watches sessions and counts. What a client sends is never a label: only what the assembly, the grammar or this page knows (attack A10, A13). */
import {
  Clock,
  Options,
  type Observer,
  type Session,
  type SessionRecord,
  type TransactionRecord,
  type VerdictSeen,
} from '@mailverb/contract';
import { PHASE_TABLE, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { OTHER } from './bounded.js';
import { ProcessCounts, type Counts } from './counts.js';
import type { MetricsOptions } from './metrics.options.js';

/** What is known of a session. */
interface Notes {
  /** Whom the next reply answers. */
  verb: string;
  /** When the last mail data came, by the server's clock. */
  dataAt: number | undefined;
  /** Opened before our eyes, and so counted as open. */
  readonly counted: boolean;
}

/** Replies that answer no command: the greeting, a timeout. */
const NOBODY = 'none';

const TLS_VERSIONS: ReadonlySet<string> = new Set(['TLSv1.2', 'TLSv1.3']);

/** RFC 4954 4 and 6: what AUTH comes to. */
const AUTH_RESULTS: ReadonlyMap<number, string> = new Map([
  [235, 'success'],
  [535, 'failure'],
  [454, 'unavailable'],
]);

@injectable()
export class MetricsObserver implements Observer {
  private readonly verbs: ReadonlySet<string>;
  private readonly notes = new WeakMap<Session, Notes>();

  constructor(
    @inject(Options) { verbs }: MetricsOptions,
    @inject(ProcessCounts) private readonly counts: Counts,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.verbs = new Set([...Object.keys(PHASE_TABLE), ...verbs.map((verb) => verb.toUpperCase())]);
  }

  sessionOpened(session: Session): void {
    this.counts.sessionsOpen.inc({ listener: session.listener.name });
    this.notes.set(session, { verb: NOBODY, dataAt: undefined, counted: true });
  }

  sessionClosed(session: Session, { cause }: SessionRecord): void {
    const listener = session.listener.name;
    if (this.notes.get(session)?.counted === true) this.counts.sessionsOpen.dec({ listener });
    this.notes.delete(session);
    this.counts.sessions.add([listener, cause]);
  }

  secured(session: Session): void {
    const version = session.tls?.version ?? OTHER;
    this.counts.secured.add([session.listener.name, TLS_VERSIONS.has(version) ? version : OTHER]);
  }

  commandReceived(session: Session, line: string): void {
    this.notesOn(session).verb = this.verbOf(line);
  }

  replySent(session: Session, reply: Reply): void {
    const notes = this.notesOn(session);
    const { verb } = notes;
    this.counts.replies.add([verb, classOf(reply)]);
    // DATA and AUTH go on after a 3xx; any other reply is the last to its command, and what comes without being asked for is nobody's.
    if (reply.code >= 400 || reply.code < 300) notes.verb = NOBODY;
    if (verb !== 'AUTH') return;
    const result = AUTH_RESULTS.get(reply.code);
    if (result !== undefined) this.counts.authentications.add([session.listener.name, result]);
  }

  verdictGiven(_session: Session, { policy, stage, verdict, dryRun }: VerdictSeen): void {
    this.counts.verdicts.add([policy, stage, verdict.kind, dryRun ? 'dry-run' : 'enforce']);
  }

  dataReceived(session: Session, octets: number): void {
    this.counts.dataOctets.add([session.listener.name], octets);
    this.notesOn(session).dataAt = this.clock.now();
  }

  transactionEnded(session: Session, record: TransactionRecord): void {
    const listener = session.listener.name;
    const { end, reply, outcomes, startedAt, endedAt } = record;
    this.counts.transactions.add([listener, end, reply === undefined ? NOBODY : classOf(reply)]);
    for (const outcome of outcomes) this.counts.recipients.add([listener, classOf(outcome.reply)]);
    const notes = this.notesOn(session);
    if (end === 'committed') {
      this.counts.transactionTime.observe(seconds(startedAt, endedAt));
      if (notes.dataAt !== undefined) this.counts.deliveryTime.observe(seconds(notes.dataAt, endedAt));
    }
    notes.dataAt = undefined;
  }

  limitReached(_session: Session | undefined, limit: string): void {
    this.counts.limits.add([limit]);
  }

  faultCaught(_session: Session | undefined, where: string): void {
    this.counts.faults.add([where]);
  }

  /** The verb of a command line, if it is one that is known. */
  private verbOf(line: string): string {
    const space = line.indexOf(' ');
    const word = space === -1 ? line : line.slice(0, space);
    // Longer than any verb: not worth a copy in another case.
    if (word.length > 32) return OTHER;
    const verb = word.toUpperCase();
    return this.verbs.has(verb) ? verb : OTHER;
  }

  private notesOn(session: Session): Notes {
    let notes = this.notes.get(session);
    if (notes === undefined) {
      notes = { verb: NOBODY, dataAt: undefined, counted: false };
      this.notes.set(session, notes);
    }
    return notes;
  }
}

function classOf(reply: Reply): string {
  return `${Math.trunc(reply.code / 100)}xx`;
}

/** A clock may be set back. */
function seconds(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}
