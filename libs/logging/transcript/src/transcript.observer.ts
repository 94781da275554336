/**
 * Every line of every session, both ways: what Kamaelia's `debuglogfile` was for.
 *
 * Mail data is summed up. Credentials never come here: the core shows a line of AUTH as `***`, and of a line of a conversation nothing at all.
 */
import {
  Clock,
  Logger,
  Options,
  type Lifecycle,
  type Observer,
  type Session,
  type SessionRecord,
} from '@mailverb/contract';
import { openLog, type LogOutput } from '@mailverb/log-file';
import { endpoint, escapeText, isoTime, plainFields, secretNames } from '@mailverb/log-text';
import { matchesCidr } from '@mailverb/options';
import type { Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { TranscriptOptions } from './transcript.options.js';

const isSecret = secretNames();

/** Writes `TIME SESSION C: …`, `S: …` and, for what is no line, `* …`. */
@injectable()
export class TranscriptObserver implements Observer, Lifecycle {
  private readonly output: LogOutput;
  /** Which sessions to write, where not all are. */
  private readonly chosen = new WeakMap<Session, boolean>();

  constructor(
    @inject(Options) private readonly options: TranscriptOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) logger: Logger,
  ) {
    this.output = openLog(options.destination, {
      onProblem: (problem, error) => logger.warn(error === undefined ? {} : { error }, problem),
    });
  }

  start(): Promise<void> {
    return this.output.start();
  }

  stop(): Promise<void> {
    return this.output.stop();
  }

  sessionOpened(session: Session): void {
    const client = endpoint(session.remoteAddress, session.remotePort);
    const server = endpoint(session.localAddress, session.localPort);
    this.write(session, '* ', `opened: ${client} to ${server} (listener ${session.listener.name})`);
  }

  commandReceived(session: Session, line: string): void {
    this.write(session, 'C: ', line);
  }

  lineReceived(session: Session): void {
    this.write(session, 'C: ', '***');
  }

  dataReceived(session: Session, octets: number): void {
    this.write(session, 'C: ', `[${octets} octets of mail data]`);
  }

  replySent(session: Session, reply: Reply): void {
    // As on the wire: made once for each reply, ASCII, each line ended by CRLF.
    const wire = reply.wire(true).slice(0, -2);
    if (!wire.includes('\r\n')) this.write(session, 'S: ', wire);
    else for (const line of wire.split('\r\n')) this.write(session, 'S: ', line);
  }

  limitReached(session: Session | undefined, limit: string): void {
    this.write(session, '* ', `limit reached: ${limit}`);
  }

  faultCaught(session: Session | undefined, where: string, error: unknown): void {
    // The logger has the error with its stack.
    this.write(session, '* ', `${where} failed: ${shortly(error)}`);
  }

  sessionClosed(session: Session, record: SessionRecord): void {
    const { cause, commands, transactions, delivered, octetsIn } = record;
    const counts = `${commands} commands, ${transactions} transactions, ${delivered} delivered, ${octetsIn} octets in`;
    this.write(session, '* ', `closed: ${cause} (${counts})`);
  }

  private write(session: Session | undefined, mark: string, text: string): void {
    if (this.options.clients !== undefined && !this.wants(session)) return;
    const id = session === undefined ? '-' : escapeText(session.id);
    this.output.write(`${isoTime(this.clock.now())} ${id} ${mark}${escapeText(text)}\n`);
  }

  private wants(session: Session | undefined): boolean {
    const { clients } = this.options;
    if (session === undefined || clients === undefined) return false;
    let wanted = this.chosen.get(session);
    if (wanted === undefined) {
      wanted = matchesCidr(clients, session.remoteAddress);
      this.chosen.set(session, wanted);
    }
    return wanted;
  }
}

function shortly(error: unknown): string {
  const { thrown } = plainFields({ thrown: error }, isSecret);
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { name, message } = thrown as { readonly name?: unknown; readonly message?: unknown };
  return typeof message === 'string' ? `${String(name)}: ${message}` : JSON.stringify(thrown);
}
