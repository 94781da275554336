/** The one message of PLAIN (RFC 4616 2): `[authzid] NUL authcid NUL password`. */
import { readName, readSecret } from '@mailverb/sasl-text';

/** What it says. */
export interface PlainMessage {
  /** As whom the client wants to act; undefined for as whom it is. */
  readonly authzid: string | undefined;
  /** Whom it says to be. */
  readonly authcid: string;
  readonly password: string;
}

/** Reads the message; undefined if it is none. Each part has at most the 255 octets that everybody must take. */
export function parsePlain(octets: Uint8Array): PlainMessage | undefined {
  const first = octets.indexOf(0);
  const second = octets.indexOf(0, first + 1);
  // A third NUL would be within the password, which has none.
  if (first === -1 || second === -1) return undefined;
  const authzid = first === 0 ? undefined : readName(octets.subarray(0, first));
  const authcid = readName(octets.subarray(first + 1, second));
  const password = readSecret(octets.subarray(second + 1));
  if ((first > 0 && authzid === undefined) || authcid === undefined || password === undefined) return undefined;
  return { authzid, authcid, password };
}
