/**
 * DSN (RFC 3461): the sender's wishes about delivery status notifications, kept in the envelope for whoever makes or forwards them.
 * Values are strict, and the protocol library decodes nothing but printable text: no value can break a report, a log line or a
 * command (attack A6).
 */
import type { Extension, MailParameterHandler, RcptParameterHandler } from '@mailverb/contract';
import { decodeXtext, isAscii, reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';
import { readNotify } from './notify.js';
import { readOriginalRecipient } from './original-recipient.js';

const BAD_RET = reply(501, '5.5.4', 'Syntax: RET=FULL or RET=HDRS');
const BAD_ENVID = reply(501, '5.5.4', 'Syntax: ENVID=xtext, printable, at most 100 characters');

/** RFC 3461 4.4. */
const MAX_ENVID = 100;

/** The extension DSN, owner of MAIL's RET and ENVID and of RCPT's NOTIFY and ORCPT. */
@injectable()
export class DsnExtension implements Extension {
  readonly keyword = 'DSN';
  /**
   * RFC 3461 names no number; by its own lengths RCPT grows most: " ORCPT=" and 500 characters, " NOTIFY=SUCCESS,FAILURE,DELAY".
   */
  readonly commandLineOctets = 7 + 500 + 29;
  readonly parameters: readonly (MailParameterHandler | RcptParameterHandler)[] = [
    { verb: 'MAIL', keyword: 'RET', parse: readRet },
    { verb: 'MAIL', keyword: 'ENVID', parse: readEnvid },
    { verb: 'RCPT', keyword: 'NOTIFY', parse: readNotify },
    { verb: 'RCPT', keyword: 'ORCPT', parse: readOriginalRecipient },
  ];
}

function readRet(value: string | undefined): 'FULL' | 'HDRS' | Reply {
  // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
  const upper = value !== undefined && isAscii(value) ? value.toUpperCase() : undefined;
  return upper === 'FULL' || upper === 'HDRS' ? upper : BAD_RET;
}

function readEnvid(value: string | undefined): string | Reply {
  if (value === undefined || value.length === 0 || value.length > MAX_ENVID) return BAD_ENVID;
  return decodeXtext(value) ?? BAD_ENVID;
}
