/**
 * The envelope as JSON in ASCII, in the same form (version 1) in which deliveries to message brokers publish it. What is not printable ASCII is escaped
 * as JSON escapes it, so that an address stays what it is and no header can be broken (attack A6).
 */
import type { Envelope, Notify, Recipient, Session } from '@mailverb/contract';

/** Raised when something is taken away or changes its meaning; not for what is added. */
const VERSION = 1;

/** Text that a client has said of itself; ORCPT and ENVID are bounded by RFC 3461. */
const LONGEST = 500;

/** The envelope. @param more what is known beside it: size, the key of the message. */
export function envelopeJson(
  envelope: Envelope,
  session: Session,
  recipients: readonly Recipient[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { parameters, reversePath } = envelope;
  const value = {
    version: VERSION,
    id: envelope.id,
    // Null is the null reverse-path.
    from: reversePath === null ? null : reversePath.address,
    to: recipients.map(recipientJson),
    ...more,
    body: parameters.BODY,
    smtputf8: parameters.SMTPUTF8,
    ret: parameters.RET,
    envid: bounded(parameters.ENVID),
    client: {
      address: session.remoteAddress,
      helo: bounded(session.heloName),
      identity: bounded(session.identity?.name),
      tls: session.tls?.version,
    },
    listener: session.listener.name,
    server: session.listener.hostname,
  };
  // Spaces too: signatures are made of headers in which several are one.
  return JSON.stringify(value).replace(/[^!-~]/g, escapeOne);
}

function recipientJson({ mailbox, parameters }: Recipient): object {
  const { NOTIFY, ORCPT } = parameters;
  const orcpt = ORCPT && { type: bounded(ORCPT.type), address: bounded(ORCPT.address) };
  return { address: mailbox.address, notify: notifyJson(NOTIFY), orcpt };
}

function notifyJson(notify: Notify | undefined): readonly string[] | undefined {
  if (notify === undefined) return undefined;
  return notify === 'never' ? ['never'] : [...notify];
}

function bounded(text: string | undefined): string | undefined {
  return text?.slice(0, LONGEST);
}

function escapeOne(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
