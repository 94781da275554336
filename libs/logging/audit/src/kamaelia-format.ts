/**
 * One line for each session, modelled on the log file of Kamaelia's greylisting mail handler: columns between ` | `, the first six in its
 * order (time, HELO name, client, sender, recipients, status), then `name=value` facts.
 *
 * What stands in a column can hold neither the separator nor a line end; see escapeColumn.
 */
import type { Decision, Session, SessionRecord, TransactionRecord } from '@mailverb/contract';
import { endpoint, escapeColumn, isoTime } from '@mailverb/log-text';
import type { LocalEnd } from './local-end.js';
import type { RefusedPath } from './refused-commands.js';
import { decisionBehind, decisionOn, sessionVerdict, transactionVerdict, verdictOf, type Verdict } from './verdict.js';

// A session may have thousands of transactions, and all of them wait in memory for its end.
const MAX_LENGTH = 16_384;
const MAX_RECIPIENTS = 100;

/** The transactions of a session, as they will stand on its line. */
export class KamaeliaSession {
  private columns = '';
  private omitted = 0;

  /** A transaction has ended. */
  add(record: TransactionRecord, refused: readonly RefusedPath[]): void {
    if (this.columns.length > MAX_LENGTH) {
      this.omitted++;
      return;
    }
    const text = transactionColumns(record, refused);
    this.columns = this.columns === '' ? text : `${this.columns} | and | ${text}`;
  }

  /** The session is over: its line. */
  line(session: Session, local: LocalEnd, record: SessionRecord, refusedSenders: readonly RefusedPath[]): string {
    for (const { path, reply } of refusedSenders) {
      const decision = decisionBehind(reply, record.decisions);
      const status = verdictOf(reply).toUpperCase();
      const text = `${column(path)} | - | ${status}${why(decision)}${fact('reply', reply.toString())}`;
      this.columns = this.columns === '' ? text : `${this.columns} | and | ${text}`;
    }
    const { tls, identity } = session;
    return [
      stamp(record.endedAt),
      ' | ',
      column(session.heloName ?? ''),
      ' | ',
      column(session.remoteAddress === '' ? 'unix' : session.remoteAddress),
      ' | ',
      this.columns === '' ? emptyColumns(record) : this.columns,
      this.omitted === 0 ? '' : ` | and ${this.omitted} more`,
      fact('session', session.id),
      fact('listener', session.listener.name),
      fact('local', endpoint(local.address, local.port)),
      fact('port', String(session.remotePort)),
      fact('name', session.remoteName),
      fact('tls', tls === undefined ? undefined : `${tls.version} ${tls.cipher}`),
      fact('server-name', tls?.serverName),
      fact('certificate', tls?.clientCertificate?.subject),
      fact('identity', identity === undefined ? undefined : `${identity.name} (${identity.mechanism})`),
      fact('commands', String(record.commands)),
      fact('errors', String(record.errors)),
      fact('delivered', String(record.delivered)),
      fact('octets-in', String(record.octetsIn)),
      fact('cause', record.cause),
      fact('seconds', seconds(record.endedAt - session.openedAt)),
      '\n',
    ].join('');
  }
}

// Sender, recipients, status, and the facts of one transaction.
function transactionColumns(record: TransactionRecord, refused: readonly RefusedPath[]): string {
  const verdict = transactionVerdict(record);
  const decision = decisionOn(record);
  const { reversePath } = record.envelope;
  return [
    column(reversePath === null ? '<>' : `<${reversePath.address}>`),
    ' | ',
    recipientsColumn(record, refused, verdict),
    ' | ',
    verdict.toUpperCase(),
    fact('octets', String(record.size)),
    why(decision),
    fact('reply', record.reply?.toString()),
    fact('took', seconds(record.endedAt - record.startedAt)),
  ].join('');
}

// A recipient that fared otherwise than its transaction says how.
function recipientsColumn(record: TransactionRecord, refused: readonly RefusedPath[], verdict: Verdict): string {
  const all = record.envelope.recipients.map(({ mailbox }, i) => {
    const reply = record.outcomes[i]?.reply;
    return { path: `<${mailbox.address}>`, reply };
  });
  const shown = [...all, ...refused].slice(0, MAX_RECIPIENTS).map(({ path, reply }) => {
    const safe = escapeColumn(path, '|,');
    if (reply === undefined || verdictOf(reply) === verdict) return safe;
    return `${safe}=${verdictOf(reply).toUpperCase()} ${escapeColumn(reply.toString(), '|,')}`;
  });
  const more = all.length + refused.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return shown.length === 0 ? '-' : shown.join(', ');
}

// A session without a transaction: nobody came so far, or somebody was turned away.
function emptyColumns(record: SessionRecord): string {
  const last = record.decisions.at(-1);
  const status = sessionVerdict(record).toUpperCase();
  return `- | - | ${status}${why(last)}${fact('reply', last?.reply.toString())}`;
}

function why(decision: Decision | undefined): string {
  return fact('by', decision?.by) + fact('reason', decision?.reason);
}

function fact(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` | ${name}=${escapeColumn(value, '|')}`;
}

function column(text: string): string {
  return text === '' ? '-' : escapeColumn(text, '|');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

// Kamaelia's form, UTC: 20260101000000.000
function stamp(ms: number): string {
  const iso = isoTime(ms);
  return iso.length !== 24 ? iso : `${iso.slice(0, 19).replace(/[-T:]/g, '')}${iso.slice(19, 23)}`;
}
