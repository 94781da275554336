/**
 * JSON (RFC 8259) with members that are too long to be kept: an object is written up to its last member, and what follows is streamed. All
 * text goes through JSON.stringify, so that nothing of a message ends a string.
 */
import type { HeldMessage } from '@mailverb/contract';
import { pieces } from '../mime/pieces.js';
import { Base64Encoder } from './base64.js';
import { attachmentsOf, type Attachment, type Outline } from '../mime/outline.js';
import type { MimeLimits } from '../mime/walk.js';

/** An object without its closing brace; it must have a member. */
export function opened(object: object): Uint8Array {
  return Buffer.from(JSON.stringify(object).slice(0, -1));
}

/** Octets of JSON's own signs. */
export function syntax(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** A message as a string of base64. */
export async function* base64String(message: HeldMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const encoder = new Base64Encoder();
  yield syntax('"');
  for await (const piece of pieces(message, signal)) yield encoder.push(piece);
  yield encoder.end();
  yield syntax('"');
}

/** True if the message is UTF-8 from its first octet to its last. */
export async function isUtf8(message: HeldMessage, signal: AbortSignal): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const piece of pieces(message, signal))
    if (!decodes(() => decoder.decode(piece, { stream: true }))) return false;
  return decodes(() => decoder.decode());
}

function decodes(decode: () => string): boolean {
  try {
    decode();
    return true;
  } catch {
    return false;
  }
}

/** A message as a string of characters; without loss where `utf8` is what {@link isUtf8} says: else each octet is a character. */
export async function* textString(
  message: HeldMessage,
  utf8: boolean,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  yield syntax('"');
  for await (const piece of pieces(message, signal)) {
    const text = utf8 ? decoder.decode(piece, { stream: true }) : piece.toString('latin1');
    yield Buffer.from(JSON.stringify(text).slice(1, -1));
  }
  yield syntax('"');
}

/** A list of attachments: what `describe` says of each, and its content in base64 as the last member `member`. */
export async function* attachmentList(
  message: HeldMessage,
  outline: Outline,
  how: { readonly describe: (attachment: Attachment) => object; readonly member: string; readonly limits: MimeLimits },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let encoder = new Base64Encoder();
  let separator = '[';
  for await (const event of attachmentsOf(message, outline, how.limits, signal)) {
    if (event.kind === 'content') {
      yield encoder.push(event.bytes);
    } else if (event.kind === 'begin') {
      encoder = new Base64Encoder();
      yield syntax(separator);
      yield opened(how.describe(event.attachment));
      yield syntax(`,${JSON.stringify(how.member)}:"`);
      separator = ',';
    } else {
      yield encoder.end();
      yield syntax('"}');
    }
  }
  yield syntax(separator === '[' ? '[]' : ']');
}
