/**
 * Who sent what to whom, what became of it, and who said so: what Kamaelia's `logfile` was for.
 *
 * What a session has told so far is kept until its end, within bounds.
 */
import {
  Logger,
  Options,
  type Lifecycle,
  type Observer,
  type Session,
  type SessionRecord,
  type TransactionRecord,
} from '@mailverb/contract';
import { openLog, type LogOutput } from '@mailverb/log-file';
import type { Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { AuditOptions } from './audit.options.js';
import { sessionLine, transactionLine } from './json-format.js';
import { KamaeliaSession } from './kamaelia-format.js';
import type { LocalEnd } from './local-end.js';
import { pathOf, RefusedCommands } from './refused-commands.js';

/** What is known of a session so far. */
interface Notes {
  readonly local: LocalEnd;
  readonly refused: RefusedCommands;
  readonly line: KamaeliaSession | undefined;
}

/** Writes a record for each transaction and session (`json`), or a line for each session (`kamaelia`). */
@injectable()
export class AuditObserver implements Observer, Lifecycle {
  private readonly output: LogOutput;
  private readonly notes = new WeakMap<Session, Notes>();

  constructor(
    @inject(Options) private readonly options: AuditOptions,
    @inject(Logger) logger: Logger,
  ) {
    this.output = openLog(options.destination, {
      onProblem: (problem, error) => logger.error(error === undefined ? {} : { error }, problem),
    });
  }

  start(): Promise<void> {
    return this.output.start();
  }

  stop(): Promise<void> {
    return this.output.stop();
  }

  sessionOpened(session: Session): void {
    this.notesOn(session);
  }

  commandReceived(session: Session, line: string): void {
    const command = pathOf(line);
    if (command !== undefined) this.notesOn(session).refused.command(command);
    else this.notes.get(session)?.refused.command(undefined);
  }

  replySent(session: Session, reply: Reply): void {
    this.notes.get(session)?.refused.reply(reply);
  }

  transactionEnded(session: Session, record: TransactionRecord): void {
    const { local, refused, line } = this.notesOn(session);
    const recipients = refused.takeRecipients();
    if (line === undefined) this.output.write(transactionLine(session, local, record, recipients));
    else line.add(record, recipients);
  }

  sessionClosed(session: Session, record: SessionRecord): void {
    const { local, refused, line } = this.notesOn(session);
    this.notes.delete(session);
    const senders = refused.refusedSenders;
    if (line === undefined) this.output.write(sessionLine(session, local, record, senders));
    else this.output.write(line.line(session, local, record, senders));
  }

  private notesOn(session: Session): Notes {
    let notes = this.notes.get(session);
    if (notes === undefined) {
      const line = this.options.format === 'kamaelia' ? new KamaeliaSession() : undefined;
      // Noted at the opening: a socket that is closed does not know its own address any more.
      const local = { address: session.localAddress, port: session.localPort };
      notes = { local, refused: new RefusedCommands(), line };
      this.notes.set(session, notes);
    }
    return notes;
  }
}
