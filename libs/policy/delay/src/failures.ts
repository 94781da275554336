/**
 * What came to nothing in a session, as far as a policy can see it: it is asked before things happen, and not told what became of them.
 *
 * - AUTH that was tried, as long as nobody has proved who it is.
 * - Recipients that were asked for and are in no message: refused by whomever, or given up before DATA, as those do who only want to know which
 *   addresses there are (attack A22). Those of the open transaction that were taken do not count, nor does the one that is being asked for.
 */
import { slot, type Envelope, type Session } from '@mailverb/contract';

interface Tally {
  auth: number;
  recipients: number;
  /** Recipients of messages that came as far as DATA. */
  sent: number;
}

// What is counted in clear is held against nobody within TLS who did not say it, but a wait is no harm, and STARTTLS must not begin it anew.
const tally = slot<Tally>('policy-delay:tally', 'connection', { survivesTls: true });
const sent = slot<boolean>('policy-delay:sent', 'transaction');

/** How many there are so far. */
export function failuresOf(session: Session, envelope: Envelope | undefined): number {
  const counted = session.get(tally);
  if (counted === undefined) return 0;
  // Those of a message that has come to DATA are in `sent` already.
  const taken = envelope === undefined || session.get(sent) === true ? 0 : envelope.recipients.length;
  const auth = session.identity === undefined ? counted.auth : 0;
  return auth + Math.max(0, counted.recipients - counted.sent - taken);
}

/** AUTH is tried. */
export function triesAuth(session: Session): void {
  tallyOf(session).auth += 1;
}

/** A recipient is asked for. */
export function asksFor(session: Session): void {
  tallyOf(session).recipients += 1;
}

/** The message of these recipients comes; once for each transaction, however often it is tried. */
export function sends(session: Session, { recipients }: Envelope): void {
  if (session.get(sent) === true) return;
  session.set(sent, true);
  tallyOf(session).sent += recipients.length;
}

function tallyOf(session: Session): Tally {
  let counted = session.get(tally);
  if (counted === undefined) session.set(tally, (counted = { auth: 0, recipients: 0, sent: 0 }));
  return counted;
}
