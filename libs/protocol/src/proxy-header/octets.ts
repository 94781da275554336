/** Octets that both versions look at. */
import { isWellFormed } from '../grammar/chars.js';

export const CR = 0x0d;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isPrintable(octet: number): boolean {
  return octet >= 0x20 && octet <= 0x7e;
}

/** Two octets, the higher first. */
export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Four octets, the highest first. */
export function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}

/**
 * A text as UTF-8; undefined if it is none, or has something that no log line may have. A client chooses what it calls itself in its
 * certificate and in SNI, and the proxy hands it on (attack A6).
 */
export function cleanUtf8(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  for (const octet of bytes) if (octet < 0x80 && !isPrintable(octet)) return undefined;
  return isWellFormed(text) ? text : undefined;
}
