/** Messages that go wrong where somebody is careless with bytes. Each is what the recipient must get. */

/** A message by what is hard about it. */
export interface Awkward {
  readonly what: string;
  readonly bytes: Buffer;
}

const HEADER = 'From: <me@example.net>\r\nTo: <you@example.org>\r\nSubject: bytes\r\n\r\n';

const message = (what: string, body: string | Buffer, header = HEADER): Awkward => ({
  what,
  bytes: Buffer.concat([Buffer.from(header, 'latin1'), typeof body === 'string' ? Buffer.from(body, 'latin1') : body]),
});

/** Every octet that a line can hold, without NUL, CR and LF. */
const ALL_OCTETS = Buffer.from(Array.from({ length: 256 }, (_, n) => n).filter((n) => n !== 0 && n !== 10 && n !== 13));

const CRLF = Buffer.from('\r\n');

/** For every client: complete lines, each ended by CRLF. */
export const AWKWARD: readonly Awkward[] = [
  message('a short text', 'Hello\r\n'),
  message('lines of dots', '.\r\n..\r\n...\r\n.a\r\n..b\r\n . \r\n.\t\r\n.\r\n'),
  message('a dot as the only line', '.\r\n'),
  message('a dot as the first line', 'x\r\n', '.: no field\r\n'),
  message('dots among empty lines', '\r\n\r\n.\r\n\r\n.\r\n\r\n\r\n'),
  message('long lines', `${'x'.repeat(998)}\r\n.${'y'.repeat(997)}\r\n${'z'.repeat(100_000)}\r\n`),
  message('every octet of 8-bit text', Buffer.concat([ALL_OCTETS, CRLF, Buffer.from([0x2e]), ALL_OCTETS, CRLF])),
  message('UTF-8', Buffer.from('Grüße aus Köln, 東京, 😀\r\n')),
  message('a header and no body', ''),
  message('white space at the ends of lines', '  a  \r\n\t\r\n \r\nb \t\r\n'),
  message('trace fields of others', 'x\r\n', `Received: from a by b; Mon, 1 Jan 2026 00:00:00 +0000\r\n${HEADER}`),
  message('more than is gathered in memory', `${'.'.repeat(70)}\r\n`.repeat(8000)),
];

/** Without a line end at its end; a client must add one to be able to send it, and the recipient gets it with that. */
export const UNFINISHED = message('no line end at the end', 'one\r\ntwo');
