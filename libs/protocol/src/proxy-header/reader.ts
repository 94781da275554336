/**
 * Reads a PROXY header of version 1 or 2 (HAProxy's proxy-protocol.txt) as its octets come, at any split.
 *
 * What cannot become a header any more is said at its first wrong octet, so that nobody waits for a line that will not come (attack A21), and
 * what is kept is bounded (attack A13).
 */
import { uint16 } from './octets.js';
import { FIXED, MAX_LINE, SIGNATURE, type Parsed, type ProxyHeader } from './types.js';
import { parseLine, wrongInLine } from './version-1.js';
import { parseBlock, wrongInFixed } from './version-2.js';

/** What the octets so far come to. */
export type ProxyHeaderResult =
  | { readonly type: 'more' }
  /** `reason` is for the log. It holds nothing of what was sent. */
  | { readonly type: 'invalid'; readonly reason: string }
  /** `rest` is what came behind the header: the client's. A view of the last chunk. */
  | { readonly type: 'done'; readonly header: ProxyHeader; readonly rest: Uint8Array };

const MORE: ProxyHeaderResult = Object.freeze({ type: 'more' });
const LF = 0x0a;
const LINE_START = Uint8Array.from('PROXY ', (character) => character.charCodeAt(0));

/** Reads one header. */
export class ProxyHeaderReader {
  private bytes = new Uint8Array(MAX_LINE);
  private length = 0;
  /** Octets of a header of version 2, once its fixed part has said so. */
  private total = 0;
  private over = false;

  /** Takes the next octets. Once it has said `done` or `invalid` it takes no more. */
  push(chunk: Uint8Array): ProxyHeaderResult {
    if (this.over) return { type: 'invalid', reason: 'the header is over' };
    let at = 0;
    while (at < chunk.length) {
      if (this.total > 0) {
        const taken = chunk.subarray(at, at + this.total - this.length);
        this.bytes.set(taken, this.length);
        this.length += taken.length;
        at += taken.length;
        if (this.length === this.total) return this.finish(parseBlock(this.bytes), chunk.subarray(at));
      } else {
        const found = this.take(chunk[at++] ?? 0);
        if (found !== undefined) return this.finish(found, chunk.subarray(at));
      }
    }
    return MORE;
  }

  /** One octet of a line, or of the fixed part of version 2. */
  private take(octet: number): Parsed | undefined {
    const at = this.length++;
    this.bytes[at] = octet;
    if (this.bytes[0] === SIGNATURE[0]) return this.takeFixed(at);
    if (at < LINE_START.length) return octet === LINE_START[at] ? undefined : 'no PROXY header';
    const wrong = wrongInLine(this.bytes, at);
    if (wrong !== undefined) return wrong;
    return octet === LF ? parseLine(String.fromCharCode(...this.bytes.subarray(0, at - 1))) : undefined;
  }

  private takeFixed(at: number): Parsed | undefined {
    if (at < SIGNATURE.length) return this.bytes[at] === SIGNATURE[at] ? undefined : 'no PROXY header';
    if (at < FIXED - 1) return undefined;
    const wrong = wrongInFixed(this.bytes);
    if (wrong !== undefined) return wrong;
    this.total = FIXED + uint16(this.bytes, 14);
    const whole = new Uint8Array(this.total);
    whole.set(this.bytes.subarray(0, FIXED));
    this.bytes = whole;
    return this.total === FIXED ? parseBlock(whole) : undefined;
  }

  private finish(found: Parsed, rest: Uint8Array): ProxyHeaderResult {
    this.over = true;
    if (typeof found === 'string') return { type: 'invalid', reason: found };
    return { type: 'done', header: found, rest };
  }
}
