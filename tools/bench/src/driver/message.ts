/** Mail data as the driver sends it: a header of ten lines, then text lines of 76 characters. Made once for each size. */

const HEADER = [
  'From: Load Driver <driver@client.example>',
  'To: Somebody <somebody@example.org>',
  'Subject: A message of a size that was asked for',
  'Date: Mon, 01 Jan 2024 00:00:00 +0000',
  'Message-ID: <0123456789abcdef@client.example>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=us-ascii',
  'Content-Transfer-Encoding: 7bit',
  'User-Agent: mailverb-bench',
  'X-Comment: the body has lines of 76 characters',
  '',
  '',
].join('\r\n');

const LINE = 'The quick brown fox jumps over the lazy dog. Sphinx of black quartz, judge my vow; 0123456789'.slice(
  0,
  76,
);

/** RFC 5321 4.1.1.4: what ends mail data whose last line is complete. */
export const END_OF_DATA = '.\r\n';

/**
 * Mail data of exactly `size` octets on the wire, its last line complete, the end-of-data line not included.
 * @param dots every fourth line begins with a stuffed dot.
 */
export function mailData(size: number, dots: boolean): Buffer {
  const lines = [HEADER];
  let left = size - HEADER.length;
  for (let number = 0; left > 0; number++) {
    const text = dots && number % 4 === 0 ? `..${LINE.slice(2)}` : LINE;
    // The last line takes what is left, and at least its CRLF.
    const room = left <= text.length + 4 ? left - 2 : text.length;
    const line = room <= text.length ? text.slice(0, room) : text.padEnd(room, '=');
    lines.push(line, '\r\n');
    left -= line.length + 2;
  }
  const data = Buffer.from(lines.join(''), 'latin1');
  if (data.length !== size) throw new RangeError(`no message of ${size} octets: the header alone has ${HEADER.length}`);
  return data;
}
