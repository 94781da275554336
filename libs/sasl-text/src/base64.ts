/**
 * Base64 as SASL over SMTP has it (RFC 4954 4, RFC 4648 4): one line, padded, with zero bits behind the last octet. Node's decoder takes
 * nearly anything, and what it does not know it leaves out: a credential that is read in two ways is one too many.
 */

const PAD = 0x3d;

/** What each character stands for; 255 for none. */
const VALUES = new Uint8Array(256).fill(255);
for (const [i, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  VALUES[character.charCodeAt(0)] = i;
}

/** The octets, or undefined if `text` is not exactly how base64 is written. Nothing stands for nothing. */
export function decodeBase64(text: string | Uint8Array): Buffer | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  const padding = length === 0 || at(text, length - 1) !== PAD ? 0 : at(text, length - 2) === PAD ? 2 : 1;
  const end = length - padding;
  for (let i = 0; i < end; i++) if (valueAt(text, i) === 255) return undefined;
  // The bits that belong to no octet (RFC 4648 3.5).
  const unused = padding === 0 ? 0 : padding === 1 ? 0b11 : 0b1111;
  if (padding > 0 && (valueAt(text, end - 1) & unused) !== 0) return undefined;
  return Buffer.from(typeof text === 'string' ? text : Buffer.from(text).toString('latin1'), 'base64');
}

/** An initial response (RFC 4954 4): base64, or `=` for one that is there and empty. Undefined if it is neither. */
export function decodeInitialResponse(text: string): Buffer | undefined {
  if (text === '=') return Buffer.alloc(0);
  return text === '' ? undefined : decodeBase64(text);
}

/** As it is sent. */
export function encodeBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
}

function at(text: string | Uint8Array, index: number): number {
  return typeof text === 'string' ? text.charCodeAt(index) : (text[index] ?? 0);
}

function valueAt(text: string | Uint8Array, index: number): number {
  return VALUES[at(text, index)] ?? 255;
}
