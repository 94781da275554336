/** Names and passwords out of octets. */
import { saslPrep } from './saslprep.js';
import { decodeUtf8 } from './utf8.js';

/** What each part of PLAIN must at least be allowed to have (RFC 4616 2), and what all mechanisms here take at most. */
export const MAX_NAME_OCTETS = 255;

/**
 * A name as it is compared, counted and logged: prepared by SASLprep, so that there is no control character in it. Undefined if it can't be,
 * is empty or too long.
 */
export function prepareName(text: string): string | undefined {
  // Each character is at least an octet, so that what is far too long is not prepared.
  if (text.length > MAX_NAME_OCTETS) return undefined;
  const name = saslPrep(text);
  // Preparing may make it longer.
  return name === undefined || Buffer.byteLength(name) > MAX_NAME_OCTETS ? undefined : name;
}

/** The name that is written in UTF-8; undefined as for {@link prepareName}. */
export function readName(octets: Uint8Array): string | undefined {
  if (octets.length > MAX_NAME_OCTETS) return undefined;
  const text = decodeUtf8(octets);
  return text === undefined ? undefined : prepareName(text);
}

/**
 * A password: prepared where it can be, and otherwise as it was sent (RFC 4616 2 lets a server prepare in another way, or not at all): the
 * prohibition of Hebrew beside Latin letters is for names that people compare by eye. Undefined if it is empty, too long, has a NUL or is
 * not UTF-8.
 */
export function readSecret(octets: Uint8Array): string | undefined {
  if (octets.length === 0 || octets.length > MAX_NAME_OCTETS || octets.includes(0)) return undefined;
  const text = decodeUtf8(octets);
  return text === undefined ? undefined : (saslPrep(text) ?? text);
}
