/** An observer and a logger that keep what they see. */
import type { LogFields, LogLevel, Logger, Observer } from '@mailverb/contract';

/** What an observer's method was called with: `{ type: 'replySent', args: [session, reply] }`. */
export type ObserverEvent = {
  [K in keyof Observer]-?: { readonly type: K; readonly args: Parameters<NonNullable<Observer[K]>> };
}[keyof Observer];

/** The events of one type. */
export type ObserverEventOf<K extends keyof Observer> = Extract<ObserverEvent, { type: K }>;

/** An observer that puts every call into `events`. */
export function recordingObserver(events: ObserverEvent[]): Required<Observer> {
  return {
    sessionOpened: (...args) => void events.push({ type: 'sessionOpened', args }),
    secured: (...args) => void events.push({ type: 'secured', args }),
    commandReceived: (...args) => void events.push({ type: 'commandReceived', args }),
    lineReceived: (...args) => void events.push({ type: 'lineReceived', args }),
    replySent: (...args) => void events.push({ type: 'replySent', args }),
    verdictGiven: (...args) => void events.push({ type: 'verdictGiven', args }),
    dataReceived: (...args) => void events.push({ type: 'dataReceived', args }),
    transactionEnded: (...args) => void events.push({ type: 'transactionEnded', args }),
    sessionClosed: (...args) => void events.push({ type: 'sessionClosed', args }),
    limitReached: (...args) => void events.push({ type: 'limitReached', args }),
    faultCaught: (...args) => void events.push({ type: 'faultCaught', args }),
  };
}

/** One line of a log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** With those of the loggers that it is a child of. */
  readonly fields: LogFields;
}

/** A logger that puts every line into `lines`. */
export function recordingLogger(lines: LogLine[], context: LogFields = {}): Logger {
  const write = (level: LogLevel) => (fields: LogFields, message: string) =>
    void lines.push({ level, message, fields: { ...context, ...fields } });
  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: (fields) => recordingLogger(lines, { ...context, ...fields }),
    enabled: () => true,
  };
}
