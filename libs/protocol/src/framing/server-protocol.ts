/**
 * The server's side of one connection, without I/O: bytes in, events out; replies in, text for the wire out.
 *
 * The owner calls `receive` with each chunk, then `next` until it says `needData`. It simply does not call `next` while a command is being
 * answered: that is how a session waits. What is expected next (a command, a line, mail data) is said with `expect…` before the next `next`.
 *
 * Everything that decides where a command or a message ends is in this folder and nowhere else.
 */
import { isAscii } from '../grammar/index.js';
import { Reply, reply } from '../reply.js';
import { NormalizingDataDecoder } from './normalizing-decoder.js';
import { StrictDataDecoder, type DataDecoder, type DataFault } from './data-decoder.js';
import { LineReader, type DecodeAscii, type LineFault } from './line-reader.js';

/** Something the peer did that the protocol forbids. */
export type Violation = LineFault | DataFault | 'foreign-protocol' | 'flood';

/** What has come. */
export type ServerEvent =
  /** A command line: the verb in upper case, its arguments without the spaces around them. */
  | { readonly type: 'command'; readonly verb: string; readonly args: string }
  /** One line of a conversation (AUTH), without its CRLF. */
  | { readonly type: 'line'; readonly line: Uint8Array }
  /** A piece of the message: a view that is good until the next `receive`, unless it is copied. */
  | { readonly type: 'body'; readonly chunk: Uint8Array }
  /** The mail data, or the counted chunk, has come to its end. `fault` if it must not be accepted; its `reply` says why. */
  | { readonly type: 'bodyEnd'; readonly fault: DataFault | undefined; readonly reply: Reply | undefined }
  /** A broken command: answer `reply`, and close if `fatal`. */
  | { readonly type: 'violation'; readonly violation: Violation; readonly reply: Reply; readonly fatal: boolean }
  /** Nothing more until `receive`. */
  | { readonly type: 'needData' };

/** How this connection is to be read. */
export interface ServerProtocolOptions {
  /** Octets of a command line, CRLF included. */
  readonly commandLine: number;
  /** Octets of the command line of AUTH, whose initial response may be long (RFC 4954 4); absent or less: as other commands. */
  readonly authLine?: number;
  /** Octets of a line of mail data, CRLF included; 0 accepts any length. */
  readonly textLine: number;
  /** See the byte rules: what to do with bare CR and LF. `accept` repairs them in mail data and lets commands end at LF. */
  readonly bareNewlines: 'reject' | 'normalize' | 'accept';
  /** False where ENHANCEDSTATUSCODES is not offered. */
  readonly enhancedCodes: boolean;
  /** The platform's quickest way from ASCII bytes to a string, where it has one. */
  readonly decodeAscii?: DecodeAscii;
}

const NEED_DATA: ServerEvent = Object.freeze({ type: 'needData' });
const END: ServerEvent = Object.freeze({ type: 'bodyEnd', fault: undefined, reply: undefined });

const LINE_REPLIES: Readonly<Record<LineFault, Reply>> = {
  'too-long': reply(500, '5.5.2', 'line too long (limit commandLine)'),
  'bare-newline': reply(500, '5.5.2', 'bare CR or LF: lines end with CRLF'),
  control: reply(500, '5.5.2', 'control character in command'),
  'invalid-utf8': reply(500, '5.5.2', 'command is not UTF-8'),
};

/** RFC 4954 6. */
const LONG_ANSWER = reply(500, '5.5.6', 'authentication exchange line is too long');

/** To the same faults in a BDAT: how many octets follow is not known, and none of them may be read as a command (attack A3). */
const COUNTED_REPLIES: Readonly<Record<LineFault, Reply>> = {
  'too-long': closing('too-long'),
  'bare-newline': closing('bare-newline'),
  control: closing('control'),
  'invalid-utf8': closing('invalid-utf8'),
};

function closing(fault: LineFault): Reply {
  const { code, enhanced, text } = LINE_REPLIES[fault];
  return reply(code, enhanced, `${text}; closing, as the octets of BDAT cannot be told from commands`);
}

const DATA_REPLIES: Readonly<Record<DataFault, Reply>> = {
  'bare-cr': reply(550, '5.6.0', 'message has a bare CR: lines end with CRLF'),
  'bare-lf': reply(550, '5.6.0', 'message has a bare LF: lines end with CRLF'),
  'line-too-long': reply(550, '5.6.0', 'message line too long (limit textLine)'),
};

const FOREIGN = reply(554, '5.5.0', 'this is an SMTP server');
const FLOOD = reply(421, '4.7.0', 'endless line (limit commandLine)');

/** HTTP's methods: no SMTP command looks like `<method> <something> HTTP/<digit>` (attack A21, ALPACA). */
const HTTP_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI']);
const TLS_HANDSHAKE = 0x16;
const SPACE = 32;
/** How many lines at the beginning of a session may be those of a binary PROXY header, which begins with two empty ones. */
const PROXY_LINES = 3;

const enum Mode {
  Command,
  Line,
  Data,
  Chunk,
}

/** One connection, as its server sees it. */
export class ServerProtocol {
  private chunk: Uint8Array | undefined = undefined;
  private at = 0;
  /** Chunks that came while nobody asked for events; usually there are none. */
  private waiting: Uint8Array[] | undefined = undefined;
  private mode: Mode = Mode.Command;
  private lines: LineReader | undefined = undefined;
  private decoder: DataDecoder | undefined = undefined;
  private remaining = 0;
  private last = false;
  private lineLimit: number;
  private greeted = false;
  /** Lines so far, as long as they may be the beginning of a binary PROXY header. */
  private preamble = 0;
  private readonly commandLimit: number;
  private out = '';

  constructor(private readonly options: ServerProtocolOptions) {
    this.commandLimit = Math.max(options.commandLine, options.authLine ?? 0);
    this.lineLimit = this.commandLimit;
  }

  /** Takes a chunk. It is not copied: its owner must not change it until it has been consumed. */
  receive(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.chunk === undefined) {
      this.chunk = bytes;
      this.at = 0;
    } else {
      (this.waiting ??= []).push(bytes);
    }
  }

  /** True if there are bytes that no event has taken yet. */
  get buffered(): boolean {
    return this.chunk !== undefined;
  }

  /** Forgets the bytes that no event has taken: nothing received before a TLS handshake may be executed after it (attack A4). */
  dropBuffered(): void {
    this.chunk = undefined;
    this.waiting = undefined;
    this.lines = undefined;
  }

  /** Commands come next: the state at the beginning. */
  expectCommand(): void {
    this.mode = Mode.Command;
    this.decoder = undefined;
    this.lineLimit = this.commandLimit;
  }

  /** One line comes next, of at most `limit` octets, CRLF included (RFC 4954 4: 12288 at least). */
  expectLine(limit: number): void {
    this.mode = Mode.Line;
    this.lineLimit = limit;
  }

  /** Mail data up to CRLF "." CRLF comes next. */
  expectData(): void {
    this.mode = Mode.Data;
    this.decoder = this.newDecoder(true);
  }

  /**
   * Counted mail data comes next (RFC 3030).
   * @param binary true for BINARYMIME: bytes are bytes. Otherwise the rules for lines hold across the chunks of one message.
   * @param last true for the last chunk.
   */
  expectChunk(octets: number, binary: boolean, last: boolean): void {
    this.mode = Mode.Chunk;
    this.remaining = octets;
    this.last = last;
    if (binary) this.decoder = undefined;
    else this.decoder ??= this.newDecoder(false);
  }

  /** Between two chunks of one message commands come, and the decoder is kept; this forgets it. */
  endChunks(): void {
    this.decoder = undefined;
  }

  /** Octets of the message that were dropped because it is faulty, so far. */
  get dropped(): number {
    return this.decoder?.dropped ?? 0;
  }

  /** The next event. */
  next(): ServerEvent {
    // A loop and no recursion: mail data that is only read to be dropped may take a step for every few of its octets.
    for (;;) {
      const { chunk } = this;
      if (chunk === undefined && !(this.mode === Mode.Chunk && this.remaining === 0)) return NEED_DATA;
      const event = this.step(chunk);
      if (event !== undefined) return event;
    }
  }

  /** Queues a reply. */
  send(answer: Reply): void {
    this.out += answer.wire(this.options.enhancedCodes);
  }

  /** Characters queued. */
  get pending(): number {
    return this.out.length;
  }

  /** All queued replies as ASCII text, to be written at once; empties the queue. */
  take(): string {
    const { out } = this;
    this.out = '';
    return out;
  }

  /** Looks at what is there; undefined if that made no event, and there may be more. */
  private step(chunk: Uint8Array | undefined): ServerEvent | undefined {
    switch (this.mode) {
      case Mode.Command:
      case Mode.Line:
        return this.nextLine(chunk as Uint8Array);
      case Mode.Data:
        return this.nextData(chunk as Uint8Array);
      case Mode.Chunk:
        return this.nextCounted(chunk);
    }
  }

  private nextLine(chunk: Uint8Array): ServerEvent | undefined {
    if (!this.greeted) {
      this.greeted = true;
      if (chunk[0] === TLS_HANDSHAKE) return violation('foreign-protocol', FOREIGN, true);
    }
    const lines = (this.lines ??= new LineReader(this.options.bareNewlines === 'accept', this.options.decodeAscii));
    const found = lines.read(chunk, this.at, this.lineLimit);
    this.advance(chunk, lines.at);
    if (!found) return lines.flooding ? violation('flood', FLOOD, true) : undefined;
    const { fault, octets } = lines;
    if (this.preamble < PROXY_LINES && this.proxied(octets - lines.ending, fault))
      return violation('foreign-protocol', FOREIGN, true);
    if (fault !== undefined) {
      if (lines.flooding) return violation('flood', FLOOD, true);
      return this.faulty(fault, lines.counted());
    }
    if (this.mode === Mode.Line) return { type: 'line', line: lines.bytes() };
    // Only of what may turn out to be faulty.
    const long = octets > this.options.commandLine;
    const counted = (long || !lines.ascii) && lines.counted();
    const text = lines.text();
    if (text === undefined) return this.faulty('invalid-utf8', counted);
    if (long && !/^AUTH /i.test(text)) return this.faulty('too-long', counted);
    return command(text, lines.ascii);
  }

  /** True if the lines so far are those of a binary PROXY header: two empty ones, and one of a NUL octet (attack A16). */
  private proxied(octets: number, fault: LineFault | undefined): boolean {
    this.preamble += 1;
    if (this.preamble < PROXY_LINES) {
      if (octets !== 0 || fault !== undefined) this.preamble = PROXY_LINES;
      return false;
    }
    return fault === 'control' && octets === 1;
  }

  private faulty(fault: LineFault, counted: boolean): ServerEvent {
    if (this.mode === Mode.Line) {
      return violation(fault, fault === 'too-long' ? LONG_ANSWER : LINE_REPLIES[fault], false);
    }
    return counted ? violation(fault, COUNTED_REPLIES[fault], true) : violation(fault, LINE_REPLIES[fault], false);
  }

  private nextData(chunk: Uint8Array): ServerEvent | undefined {
    const decoder = this.decoder as DataDecoder;
    decoder.decode(chunk, this.at);
    this.advance(chunk, decoder.at);
    const { slice } = decoder;
    if (slice !== undefined) {
      decoder.slice = undefined;
      return { type: 'body', chunk: slice };
    }
    if (!decoder.ended) return undefined;
    this.expectCommand();
    return bodyEnd(decoder);
  }

  private nextCounted(chunk: Uint8Array | undefined): ServerEvent | undefined {
    const { decoder } = this;
    if (this.remaining > 0 && chunk !== undefined) {
      // Where there are rules for lines the decoder may leave something of the piece, which it sees again.
      const piece = chunk.subarray(this.at, Math.min(chunk.length, this.at + this.remaining));
      let used = piece.length;
      let slice: Uint8Array | undefined = piece;
      if (decoder !== undefined) {
        decoder.decode(piece, 0);
        used = decoder.at;
        slice = decoder.slice;
        decoder.slice = undefined;
      }
      this.remaining -= used;
      this.advance(chunk, this.at + used);
      return slice === undefined ? undefined : { type: 'body', chunk: slice };
    }
    this.mode = Mode.Command;
    this.lineLimit = this.commandLimit;
    if (decoder === undefined) return END;
    if (this.last) {
      decoder.finish();
      this.decoder = undefined;
    }
    return bodyEnd(decoder);
  }

  private advance(chunk: Uint8Array, at: number): void {
    this.at = at;
    if (at < chunk.length) return;
    this.at = 0;
    this.chunk = this.waiting?.shift();
    if (this.waiting?.length === 0) this.waiting = undefined;
  }

  private newDecoder(dots: boolean): DataDecoder {
    const { bareNewlines, textLine } = this.options;
    return bareNewlines === 'reject'
      ? new StrictDataDecoder(dots, textLine)
      : new NormalizingDataDecoder(dots, textLine);
  }
}

function command(text: string, ascii: boolean): ServerEvent {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === SPACE) end -= 1;
  const space = text.indexOf(' ');
  if (space === -1 || space >= end) return { type: 'command', verb: upperCase(text.slice(0, end), ascii), args: '' };
  const verb = upperCase(text.slice(0, space), ascii);
  let start = space + 1;
  while (text.charCodeAt(start) === SPACE) start += 1;
  const args = text.slice(start, end);
  if (HTTP_METHODS.has(verb) && / HTTP\/\d/.test(args)) return violation('foreign-protocol', FOREIGN, true);
  // A header from a peer that is not trusted, or a second one: nothing behind it is what it seems (attack A16).
  if (verb === 'PROXY' && /^(?:TCP[46]|UNKNOWN)\b/.test(args)) return violation('foreign-protocol', FOREIGN, true);
  return { type: 'command', verb, args };
}

/** ASCII letters only: `toUpperCase` would take a dotless i for an I, and so QUIT for what it is not (attack A6). */
function upperCase(verb: string, ascii: boolean): string {
  return ascii || isAscii(verb) ? verb.toUpperCase() : verb;
}

function violation(what: Violation, answer: Reply, fatal: boolean): ServerEvent {
  return { type: 'violation', violation: what, reply: answer, fatal };
}

function bodyEnd({ fault }: DataDecoder): ServerEvent {
  return fault === undefined ? END : { type: 'bodyEnd', fault, reply: DATA_REPLIES[fault] };
}
