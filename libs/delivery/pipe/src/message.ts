/** The message as the program reads it: lines in front, and line ends. */
import type { Body, Envelope, HeldMessage, Recipient } from '@mailverb/contract';
import { prefixed, unixLines } from '@mailverb/body';
import type { ReversePath } from '@mailverb/protocol';
import type { PipeOptions } from './pipe.options.js';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

type Wishes = Pick<PipeOptions, 'lineEnds' | 'fromLine' | 'returnPath' | 'deliveredTo' | 'nullSender'>;

/** The input of one run. @param recipient where it is run for one. @param now milliseconds since the epoch. */
export function inputOf(
  message: HeldMessage,
  envelope: Envelope,
  wishes: Wishes,
  recipient: Recipient | undefined,
  now: number,
): Body {
  const { reversePath, parameters } = envelope;
  const lines: string[] = [];
  if (wishes.fromLine) lines.push(fromLine(reversePath, wishes.nullSender, now));
  // A character outside ASCII has no place in a header without SMTPUTF8 (RFC 6532), in which case the field is left out.
  const fits = (utf8: boolean | undefined): boolean => utf8 !== true || parameters.SMTPUTF8 === true;
  if (wishes.returnPath && fits(reversePath?.utf8)) lines.push(`Return-Path: <${reversePath?.address ?? ''}>`);
  if (wishes.deliveredTo && recipient !== undefined && fits(recipient.mailbox.utf8)) {
    lines.push(`Delivered-To: ${recipient.mailbox.address}`);
  }
  const whole = prefixed(Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf8'), message.open());
  // Binary content has no lines to end (RFC 3030).
  return wishes.lineEnds === 'lf' && parameters.BODY !== 'BINARYMIME' ? unixLines(whole) : whole;
}

/** As asctime(3) writes the time, in UTC. Readers take what stands between the first two spaces for the sender. */
function fromLine(sender: ReversePath, nullSender: string, now: number): string {
  const time = new Date(now);
  const two = (number: number): string => String(number).padStart(2, '0');
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(':');
  const day = `${DAYS[time.getUTCDay()]} ${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2, ' ')}`;
  const name = (sender?.address ?? nullSender).replace(/[^\x21-\x7e]/gu, '_') || 'MAILER-DAEMON';
  return `From ${name} ${day} ${clock} ${time.getUTCFullYear()}`;
}
