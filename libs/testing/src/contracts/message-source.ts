/** Message bytes for the contract suites: random but repeatable, in chunks as treacherous as a network's. */
import { BodyAborted, type Body } from '@mailverb/contract';
import { bodyOf, bodyOfHeld, PulledBody } from '@mailverb/body';
import { createCipheriv } from 'node:crypto';

/** Numbers from 0 up to 1 (not 1 itself) that are the same in every run with the same seed. */
export type Random = () => number;

/** A 32-bit linear congruential generator: the low bits are poor, so the high ones are given. */
export function random(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Any bytes at all. A cipher makes them, because a megabyte is wanted often. */
export function randomBytes(size: number, next: Random): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(next() * 2 ** 32);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

const STARTS = ['', '', '', 'From ', '>From ', '>>From x', '.', '..', 'From', ' From '];
const LINE_ENDS = /[\r\n]/g;

/** Lines of any bytes but CR and LF, each ended by CRLF, some of them such as text formats treat in a special way. */
export function randomLines(size: number, next: Random): Buffer {
  const text = randomBytes(size, next).toString('latin1').replace(LINE_ENDS, ' ');
  const lines: string[] = [];
  for (let at = 0; at < size;) {
    const start = STARTS[Math.floor(next() * STARTS.length)] ?? '';
    const length = Math.floor(next() * 90);
    lines.push(start, text.slice(at, at + length), '\r\n');
    at += length + start.length + 2;
  }
  return Buffer.from(lines.join(''), 'latin1');
}

/** How a source behaves. */
export interface SourceOptions {
  readonly next: Random;
  /** The longest chunk. */
  readonly longest?: number;
  /** Ends with BodyAborted after so many octets. */
  readonly abortAfter?: number;
}

/**
 * A body that gives `bytes` in chunks of random sizes, now or later at random, and overwrites each chunk when the next is read: whoever
 * keeps a view too long stores rubbish.
 */
export class MessageSource extends PulledBody {
  private at = 0;
  private readonly memory: Buffer;
  private readonly longest: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: SourceOptions,
  ) {
    super();
    this.longest = options.longest ?? 64;
    this.memory = Buffer.alloc(this.longest);
  }

  override read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const { next } = this.options;
    const later = next() < 0.5;
    this.memory.fill('?');
    const limit = Math.min(this.bytes.length, this.options.abortAfter ?? this.bytes.length);
    if (this.at >= limit) {
      if (this.options.abortAfter === undefined) return later ? Promise.resolve(undefined) : undefined;
      const error = new BodyAborted('the client went away');
      if (later) return Promise.reject(error);
      throw error;
    }
    const size = Math.min(limit - this.at, 1 + Math.floor(next() * this.longest));
    this.memory.set(this.bytes.subarray(this.at, this.at + size));
    this.at += size;
    const chunk = this.memory.subarray(0, size);
    return later ? Promise.resolve(chunk) : chunk;
  }
}

/** The bytes as the strategy wants them: streaming, or held. */
export function source(bytes: Uint8Array, wholeMessage: boolean, options: SourceOptions): Body {
  if (!wholeMessage) return new MessageSource(bytes, options);
  return bodyOfHeld({ size: bytes.length, open: () => new MessageSource(bytes, options) });
}

/** A body that gives some bytes and then nothing, until it is told to fail: a client that has fallen silent. */
export class SilentClient {
  /** Resolves when somebody waits for what does not come. */
  readonly awaited: Promise<void>;
  private announce: () => void = () => undefined;
  private readonly silence: Promise<never>;
  private reject: (error: Error) => void = () => undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: SourceOptions,
  ) {
    this.awaited = new Promise((resolve) => {
      this.announce = resolve;
    });
    this.silence = new Promise((_, reject) => {
      this.reject = reject;
    });
    this.silence.catch(() => undefined);
  }

  /** What it sends. */
  body(wholeMessage: boolean): Body {
    const open = () => bodyOf(this.chunks());
    return wholeMessage ? bodyOfHeld({ size: this.bytes.length + 1, open }) : open();
  }

  /** The connection breaks. */
  fail(): void {
    this.reject(new BodyAborted('the client went away'));
  }

  private async *chunks(): AsyncGenerator<Uint8Array> {
    yield* new MessageSource(this.bytes, this.options);
    this.announce();
    await this.silence;
  }
}
