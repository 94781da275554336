/**
 * SIZE (RFC 1870): tells the largest message that is taken, and refuses one that is announced as larger before it is sent.
 * What arrives is not measured against what was announced: a server may take more (RFC 1870 6.3). While the bytes arrive the loop
 * holds every message to the limit that is told here.
 */
import type { Extension, MailParameterHandler, Session } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const SYNTAX = reply(501, '5.5.4', 'Syntax: SIZE=octets');

/** RFC 1870 4: size-value ::= 1*20DIGIT. */
const MAX_DIGITS = 20;

/** The extension SIZE. */
@injectable()
export class SizeExtension implements Extension {
  readonly keyword = 'SIZE';
  /** RFC 1870 3 (7). */
  readonly commandLineOctets = 26;
  readonly parameters: readonly MailParameterHandler[] = [
    { verb: 'MAIL', keyword: 'SIZE', parse: (value, session) => readSize(value, session) },
  ];

  /**
   * The limit; the keyword alone where there is none. `SIZE 0` would say that there is none (RFC 1870 4), the keyword alone says nothing
   * about it: that is what others offer too, and no client can take it for a limit of zero octets.
   */
  argument(session: Session): string | undefined {
    const { maxMessageSize } = session.listener;
    return maxMessageSize > 0 ? String(maxMessageSize) : undefined;
  }
}

function readSize(value: string | undefined, session: Session): number | Reply {
  if (value === undefined || !isNumber(value)) return SYNTAX;
  // More than 2^53 loses its last digits, which is well past any limit and any disk.
  const octets = Number(value);
  const { maxMessageSize } = session.listener;
  if (maxMessageSize > 0 && octets > maxMessageSize) {
    return reply(552, '5.3.4', `message too large: at most ${maxMessageSize} octets (limit messageSize)`);
  }
  return octets;
}

function isNumber(text: string): boolean {
  if (text.length === 0 || text.length > MAX_DIGITS) return false;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}
