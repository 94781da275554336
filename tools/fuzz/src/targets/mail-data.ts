/** Mail data alone: dots, ends and bare newlines in every combination (attack A1). The input is all data, so that nothing but it is tried. */
import { ServerProtocol } from '@mailverb/protocol';
import { Random, hash32 } from '../engine/random.js';
import { holds, magnitude, same, type Target } from '../engine/target.js';
import { readData } from '../models/mail-data.js';

const LINES = [0, 10];

interface Decoded {
  readonly body: string;
  readonly fault: string | undefined;
  /** Octets up to and with the end. */
  readonly used: number | undefined;
}

export const mailDataTarget: Target = {
  name: 'mail-data',
  holds:
    'CRLF "." CRLF ends the data and nothing else does; what comes out is what was meant, at every split; no octet is lost',
  tokens: [
    '\r\n.\r\n',
    '\r\n..',
    '\r\n.',
    '.\r\n',
    '\r.\n',
    '\n.\r',
    'MAIL FROM:<smuggled@example.net>\r\n',
    'abcdefgh\r\n',
    'abcdefghi',
  ],
  check(input) {
    const random = new Random(hash32(input));
    const text = Buffer.from(input).toString('latin1');
    let signature = '';
    for (const bareNewlines of ['reject', 'normalize'] as const) {
      for (const maxLine of LINES) {
        const name = `${bareNewlines} ${maxLine}`;
        const expected = readData(text, bareNewlines !== 'reject', maxLine);
        const whole = decode([input], bareNewlines, maxLine);
        for (const pieces of [pieced(input, () => 1), pieced(input, () => random.length(5))]) {
          const split = decode(pieces, bareNewlines, maxLine);
          same(`${name} used, by split`, split.used, whole.used);
          same(`${name} fault, by split`, split.fault, whole.fault);
          if (whole.fault === undefined && whole.used !== undefined)
            same(`${name} body, by split`, split.body, whole.body);
        }
        same(`${name} used`, whole.used, expected.used);
        if (whole.used !== undefined) {
          same(`${name} fault`, whole.fault !== undefined, expected.faulty);
          if (!expected.faulty) same(`${name} body`, whole.body, expected.body);
        }
        holds(expected.body.startsWith(whole.body), `${name} part`, whole.body, expected.body);
        if (bareNewlines === 'normalize') {
          holds(
            !/\r(?!\n)|(?<!\r)\n/.test(whole.body.replace(/\r$/, '')),
            `${name} lets a bare newline through`,
            whole.body,
          );
        }
        signature += `${whole.fault ?? ''}${whole.used === undefined ? '?' : magnitude(whole.used)}${magnitude(whole.body.length)};`;
      }
    }
    return signature + shapeOf(text);
  },
  parse(input) {
    for (const bareNewlines of ['reject', 'normalize'] as const) {
      for (const maxLine of LINES) {
        decode([input], bareNewlines, maxLine);
        decode(
          pieced(input, () => 1),
          bareNewlines,
          maxLine,
        );
      }
    }
  },
};

function decode(pieces: Iterable<Uint8Array>, bareNewlines: 'reject' | 'normalize', textLine: number): Decoded {
  const protocol = new ServerProtocol({ commandLine: 512, textLine, bareNewlines, enhancedCodes: true });
  protocol.expectData();
  const body: string[] = [];
  let before = 0;
  let dropped = 0;
  for (const piece of pieces) {
    protocol.receive(piece);
    for (;;) {
      const event = protocol.next();
      if (event.type === 'needData') break;
      if (event.type === 'body') {
        body.push(Buffer.from(event.chunk).toString('latin1'));
        continue;
      }
      holds(event.type === 'bodyEnd', 'an event that is none of mail data', event.type);
      return { body: body.join(''), fault: event.fault, used: before + usedOf(protocol, piece) };
    }
    holds(protocol.dropped >= dropped, 'dropped octets are taken back');
    dropped = protocol.dropped;
    before += piece.length;
  }
  return { body: body.join(''), fault: undefined, used: undefined };
}

/** How much of the piece belongs to the data: what is left is read as one line. */
function usedOf(protocol: ServerProtocol, piece: Uint8Array): number {
  if (!protocol.buffered) return piece.length;
  protocol.expectChunk(piece.length, true, true);
  let left = 0;
  for (let event = protocol.next(); event.type === 'body'; event = protocol.next()) left += event.chunk.length;
  return piece.length - left;
}

function* pieced(input: Uint8Array, length: () => number): Generator<Uint8Array> {
  for (let at = 0; at < input.length;) {
    const size = length();
    yield Uint8Array.from(input.subarray(at, at + size));
    at += size;
  }
}

/** The order in which the characters that matter come, a few of them: what is new is a new order. */
function shapeOf(text: string): string {
  return text
    .replaceAll(/[^\r\n.]+/g, 'x')
    .replaceAll('\r', 'R')
    .replaceAll('\n', 'N')
    .slice(0, 8);
}
