/** Looking into a Maildir. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the files in `tmp`, `new` or `cur`. */
export function names(maildir: string, part: 'tmp' | 'new' | 'cur' = 'new'): readonly string[] {
  const path = join(maildir, part);
  return existsSync(path) ? readdirSync(path) : [];
}

/** The messages in `new`, as they are. */
export function stored(maildir: string): readonly Buffer[] {
  return names(maildir).map((name) => readFileSync(join(maildir, 'new', name)));
}

/** What the server has put before a message: the trace fields that it should have put there, and what came after them. */
export interface Traced {
  readonly returnPath: string | undefined;
  readonly received: string | undefined;
  readonly message: Buffer;
}

/** Takes off a Return-Path and a Received field, one of each and in this order, if they are there. */
export function trace(file: Buffer): Traced {
  const first = field(file, 'Return-Path');
  const second = field(first.rest, 'Received');
  return { returnPath: first.field, received: second.field, message: second.rest };
}

/** Takes one field off the top of a message, if it is that one. */
export function field(bytes: Buffer, name: string): { readonly field: string | undefined; readonly rest: Buffer } {
  if (bytes.toString('latin1', 0, name.length + 1) !== `${name}:`) return { field: undefined, rest: bytes };
  let end = bytes.indexOf('\r\n') + 2;
  // Folded: a line that begins with white space goes on with the field (RFC 5322 2.2.3).
  while (bytes[end] === 0x20 || bytes[end] === 0x09) end = bytes.indexOf('\r\n', end) + 2;
  return { field: bytes.toString('latin1', 0, end), rest: bytes.subarray(end) };
}
