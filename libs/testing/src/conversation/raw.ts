/** Bytes as people write them: the escapes of `C<` lines, and back again for transcripts. */

const SIMPLE: ReadonlyMap<string, number> = new Map([
  ['r', 13],
  ['n', 10],
  ['t', 9],
  ['0', 0],
  ['\\', 92],
]);

/**
 * `\r \n \t \0 \\ \xNN` become bytes, everything else its UTF-8.
 * @throws RangeError for any other escape.
 */
export function unescapeBytes(text: string): Buffer {
  const pieces: Buffer[] = [];
  let start = 0;
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', start)) {
    if (at > start) pieces.push(Buffer.from(text.slice(start, at), 'utf8'));
    const letter = text[at + 1] ?? '';
    const simple = SIMPLE.get(letter);
    if (simple !== undefined) {
      pieces.push(Buffer.of(simple));
      start = at + 2;
    } else {
      const hex = text.slice(at + 2, at + 4);
      if (letter !== 'x' || !/^[0-9a-fA-F]{2}$/.test(hex)) throw new RangeError(`no such escape: \\${letter}`);
      pieces.push(Buffer.of(Number.parseInt(hex, 16)));
      start = at + 4;
    }
  }
  if (start < text.length) pieces.push(Buffer.from(text.slice(start), 'utf8'));
  return Buffer.concat(pieces);
}

/** Bytes as one line of printable ASCII, cut short in the middle if there are more than `most`. */
export function escapeBytes(bytes: Uint8Array, most = 240): string {
  if (bytes.length > most) {
    const half = Math.floor(most / 2);
    const dropped = bytes.length - 2 * half;
    return `${escapeBytes(bytes.subarray(0, half))} … ${dropped} more … ${escapeBytes(bytes.subarray(-half))}`;
  }
  let text = '';
  for (const byte of bytes) text += escapeByte(byte);
  return text;
}

function escapeByte(byte: number): string {
  if (byte === 92) return '\\\\';
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  if (byte === 13) return '\\r';
  if (byte === 10) return '\\n';
  if (byte === 9) return '\\t';
  if (byte === 0) return '\\0';
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
