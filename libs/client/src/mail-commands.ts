/** MAIL and RCPT as they are sent on: what the server offers is passed, what it lacks is left out where that does no harm, and refused where it does. */
import type { BodyType, Envelope, Notify, Recipient } from '@mailverb/contract';
import { Reply, encodeXtext, reply } from '@mailverb/protocol';
import type { ServerCapabilities } from './capabilities.js';

/** What of an envelope MAIL says. */
export type OutgoingEnvelope = Pick<Envelope, 'reversePath' | 'parameters'>;

/** A command, and whether it has more than ASCII. */
export interface Command {
  readonly text: string;
  readonly utf8: boolean;
}

const TOO_BIG = reply(552, '5.3.4', 'message too big for the next hop');
/** RFC 6531 3.5 and RFC 3463 with RFC 6531's additions. */
const NO_UTF8_SENDER = reply(550, '5.6.7', 'the next hop takes no addresses in UTF-8');
const NO_UTF8_RECIPIENT = reply(553, '5.6.7', 'the next hop takes no addresses in UTF-8');
const NO_UTF8_MESSAGE = reply(554, '5.6.9', 'the next hop takes no messages with SMTPUTF8');
/** RFC 6152 3, RFC 3030 3: converting would change the message. */
const NO_8BIT = reply(554, '5.6.3', 'the next hop takes no 8-bit data, and messages are not converted');
const NO_BINARY = reply(554, '5.6.1', 'the next hop takes no binary data, and messages are not converted');

/** MAIL, or the reply that says why the message can't go this way. @param authenticated whether AUTH= would be believed. */
export function mailCommand(
  envelope: OutgoingEnvelope,
  offered: ServerCapabilities,
  authenticated: boolean,
): Command | Reply {
  const { reversePath, parameters } = envelope;
  let text = `MAIL FROM:<${reversePath?.address ?? ''}>`;
  const utf8 = reversePath?.utf8 === true;
  if (parameters.SMTPUTF8 === true || utf8) {
    if (!offered.has('SMTPUTF8')) return utf8 ? NO_UTF8_SENDER : NO_UTF8_MESSAGE;
    text += ' SMTPUTF8';
  }
  const { SIZE: size, BODY: body, AUTH: submitter } = parameters;
  if (size !== undefined && offered.has('SIZE')) {
    if (size > (offered.size ?? Number.POSITIVE_INFINITY)) return TOO_BIG;
    text += ` SIZE=${size}`;
  }
  const type = bodyParameter(body, offered);
  if (type instanceof Reply) return type;
  text += type;
  if (offered.has('DSN')) {
    if (parameters.RET !== undefined) text += ` RET=${parameters.RET}`;
    if (parameters.ENVID !== undefined) text += ` ENVID=${encodeXtext(parameters.ENVID)}`;
  }
  if (authenticated && submitter !== undefined && offered.has('AUTH')) text += ` AUTH=${encodeXtext(submitter)}`;
  return { text, utf8 };
}

/** RCPT, or the reply that says why this recipient can't be reached this way. */
export function rcptCommand(
  { mailbox, parameters }: Recipient,
  offered: ServerCapabilities,
  smtpUtf8: boolean,
): Command | Reply {
  if (mailbox.utf8 && !(smtpUtf8 && offered.has('SMTPUTF8'))) return NO_UTF8_RECIPIENT;
  let text = `RCPT TO:<${mailbox.address}>`;
  if (offered.has('DSN')) {
    const { NOTIFY: notify, ORCPT: original } = parameters;
    if (notify !== undefined) text += ` NOTIFY=${notifyList(notify)}`;
    // What is not ASCII has an encoding of its own (RFC 6533), which not every server knows.
    if (original !== undefined && original.type.toLowerCase() !== 'utf-8')
      text += ` ORCPT=${original.type};${encodeXtext(original.address)}`;
  }
  return { text, utf8: mailbox.utf8 };
}

function bodyParameter(body: BodyType | undefined, offered: ServerCapabilities): string | Reply {
  switch (body) {
    case undefined:
      return '';
    case '7BIT':
      return offered.has('8BITMIME') ? ' BODY=7BIT' : '';
    case '8BITMIME':
      return offered.has('8BITMIME') ? ' BODY=8BITMIME' : NO_8BIT;
    case 'BINARYMIME':
      return offered.has('BINARYMIME') && offered.has('CHUNKING') ? ' BODY=BINARYMIME' : NO_BINARY;
  }
}

function notifyList(notify: Notify): string {
  return notify === 'never' ? 'NEVER' : [...notify].map((one) => one.toUpperCase()).join(',');
}
