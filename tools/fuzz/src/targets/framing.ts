/** The server's side of a connection: where commands, lines and messages begin and end, and what they are (attacks A1, A3, A8, A21). */
import { ServerProtocol, type ServerEvent } from '@mailverb/protocol';
import { COMMANDS } from '../engine/dictionary.js';
import { Random, hash32 } from '../engine/random.js';
import { holds, magnitude, same, type Target } from '../engine/target.js';
import { eventsOf, nextAfter, type ExpectedEvent, type Reading } from '../models/connection.js';

const READINGS: readonly Reading[] = [
  { commandLine: 80, textLine: 0, bareNewlines: 'reject' },
  { commandLine: 80, authLine: 120, textLine: 12, bareNewlines: 'reject' },
  { commandLine: 80, textLine: 0, bareNewlines: 'normalize' },
  { commandLine: 80, textLine: 12, bareNewlines: 'accept' },
];

/** A body as it came out: its pieces joined. */
interface HeardBody {
  readonly body: string;
  readonly fault: string | undefined;
  readonly complete: boolean;
}

type HeardEvent = string | HeardBody;

export const framingTarget: Target = {
  name: 'framing',
  holds:
    'the same events at every split of the bytes, as a slow and obvious reader finds them; no octet of a message is ever a command',
  tokens: [
    ...COMMANDS,
    'AUTH PLAIN ' + 'A'.repeat(90) + '\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    'BDATBIN 3\r\n',
    'BDATBIN 9 LAST\r\n',
    'LINE 12\r\n',
    'LINE 300\r\n',
    'RSET\r\n',
    'ab\r\n',
  ],
  check(input) {
    const random = new Random(hash32(input));
    let signature = '';
    for (const reading of READINGS) {
      const expected = eventsOf(input, reading);
      const whole = hear([input], reading);
      compare(whole, expected, reading);
      for (const pieces of [bytewise(input), cut(input, random), cut(input, random)]) {
        const split = hear(pieces, reading);
        same(`${nameOf(reading)} differs by split`, split.map(told), whole.map(told));
      }
      signature += `${whole.map(briefly).join(',')};`;
    }
    return signature;
  },
  parse(input) {
    for (const reading of READINGS) {
      // Without limits every line must be read in linear time for itself.
      for (const commandLine of [reading.commandLine, input.length + 1]) {
        hear([input], { ...reading, commandLine });
        hear([Buffer.from('DATA\r\n'), input], { ...reading, commandLine });
        hear(bytewise(input), { ...reading, commandLine });
      }
    }
  },
};

/** Feeds the pieces to the real thing and writes down what it says. */
function hear(pieces: Iterable<Uint8Array>, reading: Reading): readonly HeardEvent[] {
  const protocol = new ServerProtocol({ ...reading, enhancedCodes: true });
  const events: HeardEvent[] = [];
  let body: string[] | undefined;
  let steps = 0;
  let octets = 0;
  for (const piece of pieces) {
    octets += piece.length;
    protocol.receive(piece);
    for (;;) {
      steps += 1;
      const event = protocol.next();
      if (event.type === 'needData') break;
      if (event.type === 'body') {
        holds(event.chunk.length > 0, 'an empty piece of a body');
        holds(body !== undefined, 'a body where none was expected');
        body.push(Buffer.from(event.chunk).toString('latin1'));
      } else if (event.type === 'bodyEnd') {
        holds((event.fault === undefined) === (event.reply === undefined), 'a fault without a reply');
        events.push({ body: (body ?? []).join(''), fault: event.fault, complete: true });
        body = undefined;
      } else {
        holds(body === undefined, 'an octet of a message was read as something else', nameOfEvent(event));
        events.push(nameOfEvent(event));
        if (event.type === 'command') body = react(protocol, event);
        else if (event.type === 'line') protocol.expectCommand();
        else if (event.fatal) return events;
      }
    }
    holds(!protocol.buffered, 'asks for more and has some');
  }
  // Each octet is looked at a few times at most: an event costs an octet, or follows a piece.
  holds(steps <= 4 * octets + 8, 'too many steps', steps, octets);
  if (body !== undefined) events.push({ body: body.join(''), fault: undefined, complete: false });
  return events;
}

/** Tells the protocol what comes next; gives where the pieces of a body go, if one comes. */
function react(
  protocol: ServerProtocol,
  { verb, args }: Extract<ServerEvent, { type: 'command' }>,
): string[] | undefined {
  const next = nextAfter(verb, args);
  switch (next.mode) {
    case 'command':
      return undefined;
    case 'reset':
      protocol.endChunks();
      return undefined;
    case 'line':
      protocol.expectLine(next.limit);
      return undefined;
    case 'data':
      protocol.expectData();
      return [];
    case 'chunk':
      protocol.expectChunk(next.octets, next.binary, next.last);
      return [];
  }
}

function nameOfEvent(event: Exclude<ServerEvent, { type: 'body' | 'bodyEnd' | 'needData' }>): string {
  if (event.type === 'command') return `command ${JSON.stringify([event.verb, event.args])}`;
  if (event.type === 'line') return `line ${JSON.stringify(Buffer.from(event.line).toString('latin1'))}`;
  return `violation ${event.violation}${event.fatal ? ', fatal' : ''}`;
}

function compare(heard: readonly HeardEvent[], expected: readonly ExpectedEvent[], reading: Reading): void {
  const name = nameOf(reading);
  for (let i = 0; i < Math.max(heard.length, expected.length); i++) {
    const [one, other] = [heard[i], expected[i]];
    if (typeof one !== 'object' || typeof other !== 'object') {
      same(`${name} event`, one, other);
      continue;
    }
    same(`${name} end of a body`, one.complete, other.complete);
    // What is faulty is refused: how much of it came out before that is nobody's business, but nothing else may.
    if (one.complete) same(`${name} fault of a body`, one.fault !== undefined, other.faulty);
    const partial = one.fault !== undefined || !one.complete;
    if (partial) holds(other.body.startsWith(one.body), `${name} part of a body`, one.body, other.body);
    else same(`${name} body`, one.body, other.body);
    // A CR, or a dot at the beginning of a line, may be waited with; nothing else.
    if (!one.complete && !other.faulty)
      holds(other.body.length - one.body.length <= 3, `${name} holds back`, one, other);
  }
}

/** How it must be the same at every split. Of a body that is refused only the fault is. */
function told(event: HeardEvent): unknown {
  if (typeof event === 'string') return event;
  return event.fault === undefined && event.complete ? event : { fault: event.fault, complete: event.complete };
}

function briefly(event: HeardEvent): string {
  if (typeof event === 'object')
    return `${magnitude(event.body.length)}${event.fault ?? ''}${event.complete ? '' : '?'}`;
  const [kind = '', verb = ''] = event.split(/[ ,]/);
  return kind === 'command'
    ? `c${magnitude(event.length)}${/"(?:DATA|BDAT|BDATBIN|LINE|RSET)"/.exec(verb)?.[0] ?? ''}`
    : `${kind[0]}${verb.slice(0, 4)}`;
}

function nameOf({ bareNewlines, textLine }: Reading): string {
  return textLine === 0 ? bareNewlines : `${bareNewlines}, short lines,`;
}

function* bytewise(input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at++) yield input.subarray(at, at + 1);
}

function* cut(input: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < input.length;) {
    const length = random.length(Math.min(100, input.length));
    // A copy, as a socket's chunks are apart: nothing may look beyond its own.
    yield Uint8Array.from(input.subarray(at, at + length));
    at += length;
  }
}
