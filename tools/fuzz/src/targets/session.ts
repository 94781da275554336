/** Whole sessions with a server of every verb and extension, in memory (attacks A1, A3, A6, A8, A13). */
import { turn, type TestServer } from '@mailverb/testing';
import type { Duplex } from 'node:stream';
import { COMMANDS } from '../engine/dictionary.js';
import { Random, hash32 } from '../engine/random.js';
import { holds, magnitude, same, type Target } from '../engine/target.js';
import { readSession } from '../models/session.js';
import { COMMAND_LINE, sessionServer } from './session-server.js';

/** Observers remember everything, so a server is used for so many sessions only. */
const SESSIONS_EACH = 200;
/** Turns of the event loop after which a session that is over must be over. Nothing here waits for anything else. */
const PATIENCE = 20_000;

let server: TestServer | undefined;
let sessions = 0;

/** What came of one session. */
interface Held {
  readonly wire: string;
  readonly messages: readonly string[];
}

export const sessionTarget: Target = {
  name: 'session',
  holds:
    'every command gets one reply, no octet of a message is a command, what is delivered was answered 250, nothing fails, and when the client has ended its side the server ends its own',
  tokens: [
    ...COMMANDS,
    'AUTH LOGIN YW5u\r\nc2VjcmV0\r\n',
    'AUTH PLAIN\r\nAGFubgBzZWNyZXQ=\r\n',
    'AUTH XOAUTH2\r\n',
    'AUTH EXTERNAL =\r\n',
    'MAIL FROM:<ann@example.net> AUTH=<>\r\n',
    'XCLIENT NAME=[UNAVAILABLE] ADDR=198.51.100.7 LOGIN=ann HELO=c PROTO=ESMTP\r\n',
    'XFORWARD ADDR=198.51.100.7 IDENT=1 SOURCE=LOCAL\r\n',
  ],
  maxLength: 1500,
  async check(input) {
    const random = new Random(hash32(input));
    const whole = await hold([input]);
    const split = await hold(cut(input, random));
    const codes = repliesOf(whole.wire);
    repliesOf(split.wire);
    // What must wait for a reply and does not is refused by when it comes, also in a lenient server: it depends on the split.
    if (`${whole.wire}${split.wire}`.includes('(limit pipelining)')) return `out of turn ${codes.length}`;
    same('what is said, by split', masked(split.wire), masked(whole.wire));
    same('what is delivered, by split', split.messages, whole.messages);
    const expected = readSession(Buffer.from(input).toString('latin1'), codes, COMMAND_LINE);
    same('replies', codes.length, expected.replies);
    same('messages', whole.messages, expected.messages);
    return `${codes.join('').replaceAll(/(\d{3})\1+/g, '$1+')},${whole.messages.map((one) => magnitude(one.length)).join()}`;
  },
  async parse(input) {
    await hold([input]);
    await hold([Buffer.from('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n'), input]);
  },
  async close() {
    await server?.stop();
    server = undefined;
  },
};

async function hold(pieces: Iterable<Uint8Array>): Promise<Held> {
  const running = await aServer();
  const before = running.messages.length;
  const events = running.events.length;
  const stream = running.connect();
  const heard: Buffer[] = [];
  let ended = false;
  stream.on('data', (chunk: Buffer) => void heard.push(chunk));
  stream.on('end', () => (ended = true));
  await turn();
  for (const piece of pieces) {
    if (!stream.writable) break;
    stream.write(piece);
    await turn();
  }
  await end(stream, () => ended);
  for (let turns = 0; running.server.sessions > 0; turns++) {
    holds(turns < PATIENCE, 'the session does not end');
    await turn();
  }
  for (const event of running.events.slice(events)) {
    holds(
      event.type !== 'faultCaught',
      'a fault',
      event.type === 'faultCaught' ? [event.args[1], String(event.args[2])] : [],
    );
  }
  for (const line of running.log)
    holds(line.level !== 'error' && line.level !== 'fatal', 'an error is logged', line.message);
  return {
    wire: Buffer.concat(heard).toString('latin1'),
    messages: running.messages.slice(before).map(({ bytes }) => bytes.toString('latin1')),
  };
}

async function end(stream: Duplex, ended: () => boolean): Promise<void> {
  if (stream.writable) stream.end();
  for (let turns = 0; !ended() && !stream.destroyed; turns++) {
    holds(turns < PATIENCE, 'the server does not end its side');
    await turn();
  }
  stream.destroy();
  await turn();
}

async function aServer(): Promise<TestServer> {
  if (server !== undefined && sessions++ % SESSIONS_EACH === 0) {
    await server.stop();
    server = undefined;
  }
  return (server ??= await sessionServer());
}

/** The codes of the replies. Each must be a reply, whole, and not too long. */
function repliesOf(wire: string): readonly number[] {
  holds(wire === '' || wire.endsWith('\r\n'), 'ends within a line', wire.slice(-80));
  const codes: number[] = [];
  let open: string | undefined;
  for (const line of wire.split('\r\n').slice(0, -1)) {
    holds(line.length <= 510, 'a line too long', line.length);
    const [, code, separator] = /^([2-5]\d\d)([ -])[\x20-\x7e]*$/.exec(line) ?? [];
    holds(code !== undefined, 'a line that is no reply', line);
    holds(open === undefined || open === code, 'a reply within a reply', line);
    open = separator === '-' ? code : undefined;
    if (separator === ' ') codes.push(Number(code));
  }
  holds(open === undefined, 'a reply without an end');
  return codes;
}

/** Ids of transactions are never the same. */
function masked(wire: string): string {
  return wire.replaceAll(/(?<=^250 2\.0\.0 Ok: ).*$/gm, '*');
}

function* cut(input: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < input.length;) {
    const length = random.length(Math.min(200, input.length));
    yield Uint8Array.from(input.subarray(at, at + length));
    at += length;
  }
}
