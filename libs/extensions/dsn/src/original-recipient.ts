/** ORCPT (RFC 3461 4.2, RFC 6533 3): the address that the sender wrote to, with its type. */
import type { OriginalRecipient, Session } from '@mailverb/contract';
import { decodeUtf8AddressXtext, decodeXtext, isAscii, reply, type Reply } from '@mailverb/protocol';

const BAD_ORCPT = reply(501, '5.5.4', 'Syntax: ORCPT=type;xtext, printable, at most 500 characters');
const NEEDS_SMTPUTF8 = reply(553, '5.6.7', 'this ORCPT needs the parameter SMTPUTF8 of MAIL');

/** RFC 3461 4.2. */
const MAX_ORCPT = 500;

/**
 * RFC 5322's atext, as an address type is an atom, but for "+" and "=": no registered type has one, and whoever decodes the
 * whole value as xtext would find something else (attack A6).
 */
const TYPE: ReadonlySet<string> = new Set(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*-/?^_`{|}~",
);

/** Reads the value. Case is kept, as a relay must pass on what it got (RFC 3461 5.2.1 d). */
export function readOriginalRecipient(value: string | undefined, session: Session): OriginalRecipient | Reply {
  if (value === undefined || value.length > MAX_ORCPT) return BAD_ORCPT;
  const semicolon = value.indexOf(';');
  if (semicolon < 1) return BAD_ORCPT;
  const type = value.slice(0, semicolon);
  for (const character of type) if (!TYPE.has(character)) return BAD_ORCPT;
  const encoded = value.slice(semicolon + 1);
  if (encoded.length === 0) return BAD_ORCPT;
  if (type.toLowerCase() !== 'utf-8') {
    const address = decodeXtext(encoded);
    return address === undefined ? BAD_ORCPT : { type, address };
  }
  // RFC 6533 3: characters above ASCII stand for themselves only where MAIL said SMTPUTF8; written as \x{E9} they may always come.
  if (!isAscii(encoded) && session.envelope?.parameters.SMTPUTF8 !== true) return NEEDS_SMTPUTF8;
  const address = decodeUtf8AddressXtext(encoded);
  return address === undefined ? BAD_ORCPT : { type, address };
}
