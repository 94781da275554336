/** Records as JSON, one object a line. */
import type { Decision, Envelope, Outcome, Session, SessionRecord, TransactionRecord } from '@mailverb/contract';
import { escapeJson, isoTime } from '@mailverb/log-text';
import type { LocalEnd } from './local-end.js';
import type { RefusedPath } from './refused-commands.js';
import { decisionBehind, decisionOn, transactionVerdict, verdictOf } from './verdict.js';

/** The record of one transaction. */
export function transactionLine(
  session: Session,
  local: LocalEnd,
  record: TransactionRecord,
  refused: readonly RefusedPath[],
): string {
  const { envelope } = record;
  const decision = decisionOn(record);
  return line({
    time: isoTime(record.endedAt),
    event: 'transaction',
    transaction: envelope.id,
    ...who(session, local),
    sender: envelope.reversePath === null ? '<>' : envelope.reversePath.address,
    recipients: [
      ...recipients(envelope, record.outcomes),
      ...refused.map((one) => refusedPath('address', one, record.decisions)),
    ],
    forwarded: session.forwarded,
    octets: record.size,
    verdict: transactionVerdict(record),
    by: decision?.by,
    reason: decision?.reason,
    reply: record.reply?.toString(),
    decisions: some(record.decisions.map(decided)),
    annotations: some(session.annotations.map(({ by, key, value }) => ({ by, key, value }))),
    durationMs: record.endedAt - record.startedAt,
  });
}

/** The record of one session. */
export function sessionLine(
  session: Session,
  local: LocalEnd,
  record: SessionRecord,
  refused: readonly RefusedPath[],
): string {
  return line({
    time: isoTime(record.endedAt),
    event: 'session',
    ...who(session, local),
    commands: record.commands,
    errors: record.errors,
    transactions: record.transactions,
    delivered: record.delivered,
    octetsIn: record.octetsIn,
    cause: record.cause,
    refusedSenders: some(refused.map((one) => refusedPath('sender', one, record.decisions))),
    decisions: some(record.decisions.map(decided)),
    durationMs: record.endedAt - session.openedAt,
  });
}

function line(record: object): string {
  return `${escapeJson(JSON.stringify(record))}\n`;
}

function who(session: Session, local: LocalEnd): object {
  const { tls, identity } = session;
  return {
    session: session.id,
    listener: session.listener.name,
    client: { address: session.remoteAddress, port: session.remotePort, name: session.remoteName },
    server: { address: local.address, port: local.port },
    helo: session.heloName,
    tls: tls && {
      version: tls.version,
      cipher: tls.cipher,
      serverName: tls.serverName,
      clientCertificate: tls.clientCertificate && {
        subject: tls.clientCertificate.subject,
        fingerprint: tls.clientCertificate.fingerprint,
      },
    },
    identity: identity && { name: identity.name, mechanism: identity.mechanism },
  };
}

function recipients(envelope: Envelope, outcomes: readonly Outcome[]): readonly object[] {
  // Outcomes are given in the order of the recipients, but only where it came to a commit.
  const by = new Map(outcomes.map((outcome) => [outcome.recipient, outcome.reply]));
  return envelope.recipients.map((recipient, i) => {
    const reply = by.get(recipient) ?? outcomes[i]?.reply;
    return {
      address: recipient.mailbox.address,
      verdict: reply && verdictOf(reply),
      reply: reply?.toString(),
    };
  });
}

function refusedPath(name: string, { path, reply }: RefusedPath, decisions: readonly Decision[]): object {
  const decision = decisionBehind(reply, decisions);
  return {
    [name]: bare(path),
    verdict: verdictOf(reply),
    reply: reply.toString(),
    by: decision?.by,
    reason: decision?.reason,
  };
}

function bare(path: string): string {
  return path.length > 2 && path.startsWith('<') && path.endsWith('>') ? path.slice(1, -1) : path;
}

function decided({ by, reply, reason }: Decision): object {
  return { by, reply: reply.toString(), reason };
}

// An empty list is left out.
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
