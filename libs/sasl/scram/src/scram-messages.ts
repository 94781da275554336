/** What a client says in SCRAM (RFC 5802 7): two messages of attributes, `a=b,c=d`, in an order that is fixed. */
import {
  decodeBase64,
  decodeUtf8,
  parseGs2Header,
  prepareName,
  unescapeSaslName,
  type Gs2Header,
} from '@mailverb/sasl-text';

/** Its first message. */
export interface ClientFirst {
  readonly gs2: Gs2Header;
  /** Prepared. */
  readonly username: string;
  readonly nonce: string;
  /** Without the GS2 header, as it was sent: both sides sign it. */
  readonly bare: string;
}

/** Its last message. */
export interface ClientFinal {
  /** What it says that it is bound to: the GS2 header, and what binds. */
  readonly binding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** As it was sent, up to the proof: both sides sign it. */
  readonly withoutProof: string;
}

/** RFC 5802 7 `printable`; the bound is ours, as the reply has it too and must fit a line (RFC 4954 4). */
const NONCE = /^[\x21-\x2b\x2d-\x7e]{1,512}$/;

/** What may stand behind the attributes that are known, and is ignored. `m` is what must not be ignored, and nobody knows one yet. */
const EXTENSION = /^[A-Za-z]=[^\0]+$/;
const KNOWN: ReadonlySet<string> = new Set('amnrcpsiev');

/** Reads the first message; undefined if it is none, or has an extension that must be understood. */
export function parseClientFirst(octets: Uint8Array): ClientFirst | undefined {
  const text = decodeUtf8(octets);
  const gs2 = text === undefined ? undefined : parseGs2Header(text);
  if (gs2 === undefined) return undefined;
  const [name = '', random = '', ...extensions] = gs2.rest.split(',');
  const written = name.startsWith('n=') ? unescapeSaslName(name.slice(2)) : undefined;
  const username = written === undefined ? undefined : prepareName(written);
  const nonce = nonceOf(random);
  if (username === undefined || nonce === undefined || !extensions.every(isIgnored)) return undefined;
  return { gs2, username, nonce, bare: gs2.rest };
}

/** Reads the last message; undefined as above. */
export function parseClientFinal(octets: Uint8Array): ClientFinal | undefined {
  const text = decodeUtf8(octets);
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(',');
  const withoutProof = text.slice(0, Math.max(0, end));
  const [bound = '', random = '', ...extensions] = withoutProof.split(',');
  const binding = base64Of(bound, 'c=');
  const nonce = nonceOf(random);
  const proof = base64Of(text.slice(end + 1), 'p=');
  if (binding === undefined || nonce === undefined || proof === undefined) return undefined;
  return extensions.every(isIgnored) ? { binding, nonce, proof, withoutProof } : undefined;
}

function nonceOf(attribute: string): string | undefined {
  if (!attribute.startsWith('r=')) return undefined;
  const nonce = attribute.slice(2);
  return NONCE.test(nonce) ? nonce : undefined;
}

function base64Of(attribute: string, name: string): Uint8Array | undefined {
  const octets = attribute.startsWith(name) ? decodeBase64(attribute.slice(name.length)) : undefined;
  return octets === undefined || octets.length === 0 ? undefined : octets;
}

function isIgnored(attribute: string): boolean {
  return EXTENSION.test(attribute) && !KNOWN.has(attribute.charAt(0));
}
