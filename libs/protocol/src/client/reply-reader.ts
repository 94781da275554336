/**
 * Replies as a client reads them (RFC 5321 4.2): text in, replies out, and a bound on everything, as the other side is a stranger too.
 *
 * Lenient where nothing depends on it (an LF alone ends a line, a code may stand alone), and strict where it does: a line that begins with no code, lines
 * of one reply with different codes, and more than is reasonable are no reply.
 */
import { Reply, isEnhancedCodeFor } from '../reply.js';

/** Characters of one line, and of one reply: far more than any server needs. */
const MAX_LINE = 4096;
const MAX_REPLY = 64 * 1024;

const ZERO = 48;
const NINE = 57;
const HYPHEN = 45;
const SPACE = 32;
const CR = 13;

/** What is wrong with what the server sent. */
export type ReplyFault = 'no-code' | 'mixed-codes' | 'line-too-long' | 'reply-too-long';

/** Reads the replies of one connection. */
export class ReplyReader {
  private text = '';
  /** From where on there is something new to look at. */
  private scanned = 0;
  private code = 0;
  private enhanced: string | undefined = undefined;
  private lines: string[] = [];
  private size = 0;
  /** Set for good once something came that is no reply: there is no telling where the next one begins. */
  fault: ReplyFault | undefined = undefined;

  /** What came, an octet a character (latin1). */
  push(text: string): void {
    this.text = this.text === '' ? text : this.text + text;
  }

  /** True if something came that no reply has taken yet. */
  get buffered(): boolean {
    return this.text !== '' || this.lines.length > 0;
  }

  /** The next reply; undefined if it has not come completely, or if there is a `fault`. */
  next(): Reply | undefined {
    let start = 0;
    while (this.fault === undefined) {
      const end = this.text.indexOf('\n', Math.max(start, this.scanned));
      if (end === -1) break;
      const line = this.text.slice(start, this.text.charCodeAt(end - 1) === CR && end > start ? end - 1 : end);
      start = end + 1;
      const answer = this.line(line);
      if (answer === undefined) continue;
      this.drop(start);
      return answer;
    }
    this.drop(start);
    this.scanned = this.text.length;
    if (this.text.length > MAX_LINE) this.fail('line-too-long');
    return undefined;
  }

  private drop(start: number): void {
    this.scanned = 0;
    this.text = this.fault === undefined && start < this.text.length ? this.text.slice(start) : '';
  }

  private line(line: string): Reply | undefined {
    const code = codeOf(line);
    this.size += line.length;
    if (line.length > MAX_LINE) return this.fail('line-too-long');
    if (this.size > MAX_REPLY) return this.fail('reply-too-long');
    if (code === 0) return this.fail('no-code');
    if (this.lines.length > 0 && code !== this.code) return this.fail('mixed-codes');
    this.code = code;
    const enhanced = enhancedOf(line, code);
    // The last line's is the reply's: those before may have none.
    if (enhanced !== undefined) this.enhanced = enhanced;
    this.lines.push(line.slice(enhanced === undefined ? 4 : 5 + enhanced.length));
    if (line.charCodeAt(3) === HYPHEN) return undefined;
    const answer = new Reply(code, this.enhanced, this.lines);
    this.lines = [];
    this.enhanced = undefined;
    this.size = 0;
    return answer;
  }

  private fail(fault: ReplyFault): undefined {
    this.fault = fault;
    this.text = '';
    this.lines = [];
  }
}

/** The code that the line begins with, 200 to 599; 0 if it begins with none. */
function codeOf(line: string): number {
  const behind = line.charCodeAt(3);
  if (line.length > 3 && behind !== SPACE && behind !== HYPHEN) return 0;
  let code = 0;
  for (let i = 0; i < 3; i++) {
    const digit = line.charCodeAt(i);
    if (!(digit >= ZERO && digit <= NINE)) return 0;
    code = code * 10 + digit - ZERO;
  }
  return code >= 200 && code <= 599 ? code : 0;
}

/** The enhanced status code behind the code (RFC 2034 4), if one is there. */
function enhancedOf(line: string, code: number): string | undefined {
  // A digit and a point: nearly all other words are told apart by that.
  if (line.charCodeAt(5) !== 46) return undefined;
  const space = line.indexOf(' ', 4);
  const word = space === -1 ? line.slice(4) : line.slice(4, space);
  return word.length <= 9 && isEnhancedCodeFor(code, word) ? word : undefined;
}
