/** The messages of OAUTHBEARER (RFC 7628 3.1) and XOAUTH2 (Google's): pairs, each ended by an octet 1, and one more behind the last. */
import { decodeUtf8, parseGs2Header, prepareName } from '@mailverb/sasl-text';

/** What a client says. */
export interface OauthMessage {
  /** As whom it wants to act; undefined for whom the token stands for. */
  readonly authzid: string | undefined;
  /** Undefined if it has none: it wants to hear what it should get. */
  readonly token: string | undefined;
}

const SEPARATOR = '\x01';
const KEY = /^[A-Za-z]{1,32}$/;
/** RFC 7628 3.1 `value`, and what XOAUTH2 may have in a name. */
const VALUE = /^[\t\r\n\x20-\x7e\u0080-\uffff]*$/;
/** RFC 6750 2.1. The name of a scheme has no case (RFC 9110 11.1). */
const BEARER = /^bearer(?: +([A-Za-z0-9._~+/-]+=*)?)?$/i;
/** Nobody has more than four. */
const MAX_PAIRS = 16;

/** Reads the message of OAUTHBEARER; undefined if it is none. `host` and `port` are read and not compared: nothing depends on them. */
export function parseOauthBearer(octets: Uint8Array): OauthMessage | undefined {
  const text = decodeUtf8(octets);
  const gs2 = text === undefined ? undefined : parseGs2Header(text);
  // There is no form of it that binds to the channel.
  if (gs2 === undefined || gs2.flag === 'p' || !gs2.rest.startsWith(SEPARATOR)) return undefined;
  const pairs = parsePairs(gs2.rest.slice(1));
  const token = pairs === undefined ? undefined : tokenOf(pairs);
  return token === undefined ? undefined : { authzid: gs2.authzid, token: token || undefined };
}

/** Reads the message of XOAUTH2; undefined if it is none. */
export function parseXoauth2(octets: Uint8Array): OauthMessage | undefined {
  const text = decodeUtf8(octets);
  const pairs = text === undefined ? undefined : parsePairs(text);
  const user = pairs?.get('user');
  const authzid = user === undefined ? undefined : prepareName(user);
  const token = pairs === undefined ? undefined : tokenOf(pairs);
  return token === undefined || authzid === undefined ? undefined : { authzid, token: token || undefined };
}

/** `a=b^Ac=d^A^A` as a map; undefined if it is anything else, or says something twice. */
function parsePairs(text: string): ReadonlyMap<string, string> | undefined {
  const parts = text.split(SEPARATOR, MAX_PAIRS + 3);
  // The end of the last pair, and the end of all.
  if (parts.length < 3 || parts.length > MAX_PAIRS + 2 || parts.pop() !== '' || parts.pop() !== '') return undefined;
  const pairs = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const [key, value] = [part.slice(0, Math.max(0, equals)), part.slice(equals + 1)];
    if (!KEY.test(key) || !VALUE.test(value) || pairs.has(key)) return undefined;
    pairs.set(key, value);
  }
  return pairs;
}

/** The token in `auth`, empty if it is there without one; undefined if it is not there, or something else than a bearer token. */
function tokenOf(pairs: ReadonlyMap<string, string>): string | undefined {
  const written = pairs.get('auth');
  if (written === undefined || written === '') return written;
  const found = BEARER.exec(written);
  return found === null ? undefined : (found[1] ?? '');
}
