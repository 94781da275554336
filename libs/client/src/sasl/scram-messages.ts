/** What a server says in SCRAM (RFC 5802 7): attributes, `a=b,c=d`, in an order that is fixed. */
import { decodeBase64, decodeUtf8 } from '@mailverb/sasl-text';

/** Its first message. */
export interface ServerFirst {
  /** As it was sent: both sides sign it. */
  readonly text: string;
  /** Ours, and its own behind it. */
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Its last message: its signature, or why not. */
export type ServerFinal = { readonly signature: Uint8Array } | { readonly error: string };

/** More than any server needs; a line of base64 has more room (RFC 4954 4). */
const MAX_MESSAGE = 4096;

/** RFC 5802 7 `printable`. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
/** RFC 5802 7 `posit-number`. */
const COUNT = /^[1-9][0-9]{0,9}$/;

/** What may stand behind the attributes that are known, and is ignored. `m` is what must not be ignored, and nobody knows one yet. */
const EXTENSION = /^[A-Za-z]=[^\0]+$/;
const KNOWN: ReadonlySet<string> = new Set('amnrcpsiev');

/** RFC 5802 7 `server-error-value`. Another one is not repeated. */
const ERRORS: ReadonlySet<string> = new Set([
  'invalid-encoding',
  'extensions-not-supported',
  'invalid-proof',
  'channel-bindings-dont-match',
  'server-does-support-channel-binding',
  'channel-binding-not-supported',
  'unsupported-channel-binding-type',
  'unknown-user',
  'invalid-username-encoding',
  'no-resources',
  'other-error',
]);

/** Reads the first message; undefined if it is none, or has an extension that must be understood. */
export function parseServerFirst(octets: Uint8Array): ServerFirst | undefined {
  const text = textOf(octets);
  if (text === undefined) return undefined;
  const [random = '', salted = '', count = '', ...extensions] = text.split(',');
  const nonce = random.startsWith('r=') ? random.slice(2) : '';
  const salt = base64Of(salted, 's=');
  const iterations = count.startsWith('i=') ? count.slice(2) : '';
  if (!NONCE.test(nonce) || salt === undefined || !COUNT.test(iterations)) return undefined;
  return extensions.every(isIgnored) ? { text, nonce, salt, iterations: Number(iterations) } : undefined;
}

/** Reads the last message; undefined if it is none. */
export function parseServerFinal(octets: Uint8Array): ServerFinal | undefined {
  const text = textOf(octets);
  if (text === undefined) return undefined;
  const [first = '', ...extensions] = text.split(',');
  if (!extensions.every(isIgnored)) return undefined;
  if (first.startsWith('e=')) {
    const error = first.slice(2);
    return { error: ERRORS.has(error) ? error : 'other-error' };
  }
  const signature = base64Of(first, 'v=');
  return signature === undefined ? undefined : { signature };
}

function textOf(octets: Uint8Array): string | undefined {
  return octets.length > MAX_MESSAGE ? undefined : decodeUtf8(octets);
}

function base64Of(attribute: string, name: string): Uint8Array | undefined {
  const octets = attribute.startsWith(name) ? decodeBase64(attribute.slice(name.length)) : undefined;
  return octets === undefined || octets.length === 0 ? undefined : octets;
}

function isIgnored(attribute: string): boolean {
  return EXTENSION.test(attribute) && !KNOWN.has(attribute.charAt(0));
}
