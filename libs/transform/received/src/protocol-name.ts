/** What follows `with` in a Received field: RFC 3848, and RFC 6531 4.3 for UTF8…, in the registry of RFC 5321's transmission types. */
import type { Envelope, Session } from '@mailverb/contract';

const TLS = 1;
const AUTH = 2;
const UTF8 = 4;
const LMTP = 8;

const NAMES: readonly string[] = [
  'ESMTP',
  'ESMTPS',
  'ESMTPA',
  'ESMTPSA',
  'UTF8SMTP',
  'UTF8SMTPS',
  'UTF8SMTPA',
  'UTF8SMTPSA',
  'LMTP',
  'LMTPS',
  'LMTPA',
  'LMTPSA',
  'UTF8LMTP',
  'UTF8LMTPS',
  'UTF8LMTPA',
  'UTF8LMTPSA',
];

/** The registered name. One that said HELO gets `SMTP`, also within TLS: there is no other name for it. */
export function protocolName(session: Session, envelope: Envelope): string {
  const lmtp = session.listener.protocol === 'lmtp';
  if (!session.extended && !lmtp) return 'SMTP';
  const index =
    (session.tls === undefined ? 0 : TLS) |
    (session.identity === undefined ? 0 : AUTH) |
    (envelope.parameters.SMTPUTF8 === true ? UTF8 : 0) |
    (lmtp ? LMTP : 0);
  return NAMES[index] ?? 'SMTP';
}
