/** Tells the observers of a listener, and keeps what they throw to itself. An event that nobody watches costs a look at a length. */
import type {
  LogFields,
  Logger,
  Observer,
  Session,
  SessionRecord,
  TransactionRecord,
  VerdictSeen,
} from '@mailverb/contract';
import { isPromise, SmtpError } from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';

/** An observer as it stands in an assembly. */
export interface NamedObserver {
  readonly name: string;
  readonly observer: Observer;
}

type Event = keyof Observer;

/** All observers of one listener. */
export class Watchers {
  private readonly by: { readonly [E in Event]-?: readonly NamedObserver[] };

  constructor(
    observers: readonly NamedObserver[],
    private readonly logger: Logger,
  ) {
    const of = (event: Event) => observers.filter(({ observer }) => typeof observer[event] === 'function');
    this.by = {
      sessionOpened: of('sessionOpened'),
      secured: of('secured'),
      commandReceived: of('commandReceived'),
      lineReceived: of('lineReceived'),
      replySent: of('replySent'),
      verdictGiven: of('verdictGiven'),
      dataReceived: of('dataReceived'),
      transactionEnded: of('transactionEnded'),
      sessionClosed: of('sessionClosed'),
      limitReached: of('limitReached'),
      faultCaught: of('faultCaught'),
    };
  }

  /** True if somebody watches: ask before building what only a watcher needs. */
  watches(event: Event): boolean {
    return this.by[event].length > 0;
  }

  sessionOpened(session: Session): void {
    for (const { name, observer } of this.by.sessionOpened) this.safely(name, () => observer.sessionOpened?.(session));
  }
  commandReceived(session: Session, line: string): void {
    for (const { name, observer } of this.by.commandReceived) {
      this.safely(name, () => observer.commandReceived?.(session, line));
    }
  }
  secured(session: Session): void {
    for (const { name, observer } of this.by.secured) this.safely(name, () => observer.secured?.(session));
  }
  lineReceived(session: Session): void {
    for (const { name, observer } of this.by.lineReceived) this.safely(name, () => observer.lineReceived?.(session));
  }
  replySent(session: Session, answer: Reply): void {
    for (const { name, observer } of this.by.replySent) this.safely(name, () => observer.replySent?.(session, answer));
  }
  verdictGiven(session: Session, seen: VerdictSeen): void {
    for (const { name, observer } of this.by.verdictGiven) {
      this.safely(name, () => observer.verdictGiven?.(session, seen));
    }
  }
  dataReceived(session: Session, octets: number): void {
    for (const { name, observer } of this.by.dataReceived) {
      this.safely(name, () => observer.dataReceived?.(session, octets));
    }
  }
  transactionEnded(session: Session, record: TransactionRecord): void {
    for (const { name, observer } of this.by.transactionEnded) {
      this.safely(name, () => observer.transactionEnded?.(session, record));
    }
  }
  sessionClosed(session: Session, record: SessionRecord): void {
    for (const { name, observer } of this.by.sessionClosed) {
      this.safely(name, () => observer.sessionClosed?.(session, record));
    }
  }
  limitReached(session: Session | undefined, limit: string): void {
    this.log(session, { limit }, 'limit reached', 'info');
    for (const { name, observer } of this.by.limitReached) {
      this.safely(name, () => observer.limitReached?.(session, limit));
    }
  }
  /** Also logs it: a plugin's fault is ours to know, whoever watches. */
  faultCaught(session: Session | undefined, where: string, error: unknown): void {
    const fields = error instanceof SmtpError ? error.fields : {};
    this.log(session, { ...fields, where, error }, `${where} failed`, 'error');
    for (const { name, observer } of this.by.faultCaught) {
      this.safely(name, () => observer.faultCaught?.(session, where, error));
    }
  }

  private safely(name: string, tell: () => unknown): void {
    const failed = (error: unknown) =>
      this.log(undefined, { where: `observer ${name}`, error }, `observer ${name} failed`, 'error');
    try {
      const told = tell();
      // An observer that is async all the same must not take the process with it.
      if (isPromise(told)) Promise.resolve(told).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  private log(session: Session | undefined, fields: LogFields, message: string, level: 'info' | 'error'): void {
    try {
      const told: unknown = this.logger[level](
        session === undefined ? fields : { session: session.id, ...fields },
        message,
      );
      if (isPromise(told)) Promise.resolve(told).then(undefined, () => {});
    } catch {
      // A logger that throws has nobody to tell.
    }
  }
}
