/** Reads conversation files. Every mistake is told with its line, because these files are written by hand. */
import { ConversationSyntaxError, RUNS, type Conversation, type Run, type Step } from './conversation.js';
import { unescapeBytes } from './raw.js';

const DURATION: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/**
 * Reads one conversation.
 * @param name for messages: the file's name.
 * @throws {ConversationSyntaxError} with the line.
 */
export function parseConversation(text: string, name = 'conversation'): Conversation {
  return new Parser(name).parse(text);
}

class Parser {
  private readonly steps: Step[] = [];
  private readonly settings: Record<string, unknown> = {};
  private runs: readonly Run[] = RUNS;
  private line = 0;
  /** What can still come: a reset ends the file, a close the client's part of it. */
  private state: 'open' | 'client-closed' | 'over' = 'open';

  constructor(private readonly name: string) {}

  parse(text: string): Conversation {
    for (const raw of text.split('\n')) {
      this.line++;
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line.trim() !== '' && !line.startsWith('#')) this.parseLine(line);
    }
    if (this.steps.length === 0) throw this.wrong('a conversation without a line');
    return { name: this.name, settings: this.settings, runs: this.runs, steps: this.steps };
  }

  private parseLine(line: string): void {
    const { line: at } = this;
    const space = line.indexOf(' ');
    const mark = space === -1 ? line : line.slice(0, space);
    const rest = space === -1 ? '' : line.slice(space + 1);
    if (mark === '@') return this.setting(rest);
    if (this.state === 'over') throw this.wrong('nothing can come after the end of the connection');
    if (this.state === 'client-closed' && mark.startsWith('C')) throw this.wrong('the client has closed its side');
    switch (mark) {
      case 'C:':
        return this.add({ type: 'send', line: at, bytes: Buffer.from(`${rest}\r\n`, 'utf8') });
      case 'C<':
        return this.add({ type: 'send', line: at, bytes: this.raw(rest) });
      case 'C:*':
      case 'C<*': {
        const { count, text } = this.repeated(rest);
        const once = mark === 'C:*' ? Buffer.from(`${text}\r\n`, 'utf8') : this.raw(text);
        return this.add({ type: 'send', line: at, bytes: Buffer.alloc(once.length * count, once) });
      }
      case 'S:':
        return this.add({ type: 'expect', line: at, text: rest });
      case 'S:*': {
        const { count, text } = this.repeated(rest);
        for (let i = 0; i < count; i++) this.add({ type: 'expect', line: at, text });
        return;
      }
      case 'S:+':
        if (!/^\d{3} /.test(rest))
          throw this.wrong('after S:+ stands the last line of a reply: a code, a space and text');
        return this.add({ type: 'expect-reply', line: at, text: rest });
      case 'T:':
        return this.add({ type: 'advance', line: at, ms: this.duration(rest) });
      case 'S!':
        if (rest !== 'closed') throw this.wrong('after S! only "closed" is known');
        this.state = 'over';
        return this.add({ type: 'closed', line: at });
      case 'C!':
        if (rest !== 'close' && rest !== 'reset') throw this.wrong('after C! only "close" and "reset" are known');
        this.state = rest === 'reset' ? 'over' : 'client-closed';
        return this.add({ type: rest, line: at });
      default:
        throw this.wrong(`a line begins with # @ C: C:* C< C<* C! S: S:* S:+ S! or T:, and a space; not "${mark}"`);
    }
  }

  private add(step: Step): void {
    this.steps.push(step);
  }

  private raw(text: string): Buffer {
    if (text === '') throw this.wrong('nothing to send');
    try {
      return unescapeBytes(text);
    } catch (error) {
      throw this.wrong(error instanceof Error ? error.message : String(error));
    }
  }

  private repeated(rest: string): { count: number; text: string } {
    const match = /^([1-9]\d{0,7}) (.*)$/.exec(rest);
    if (match?.[1] === undefined || match[2] === undefined) throw this.wrong('expected how often, a space and what');
    return { count: Number(match[1]), text: match[2] };
  }

  private duration(text: string): number {
    const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
    const unit = DURATION.get(match?.[2] ?? '');
    if (match === null || unit === undefined) throw this.wrong('expected a duration such as 500ms, 30s, 5m or 2h');
    return Number(match[1]) * unit;
  }

  private setting(rest: string): void {
    if (this.steps.length > 0) throw this.wrong('settings stand above the conversation');
    const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*)*) +(.+)$/.exec(rest);
    if (match?.[1] === undefined || match[2] === undefined) throw this.wrong('expected a name, a space and a value');
    if (match[1] === 'run') this.runs = this.readRuns(match[2]);
    else this.set(match[1].split('.'), value(match[2]));
  }

  private readRuns(text: string): readonly Run[] {
    return text.split(/[ ,]+/).map((word) => {
      const run = RUNS.find((one) => one === word);
      if (run === undefined) throw this.wrong(`after "run" stand some of ${RUNS.join(' ')}; not "${word}"`);
      return run;
    });
  }

  private set(path: readonly string[], setting: unknown): void {
    let at = this.settings;
    path.forEach((key, i) => {
      const there = Object.hasOwn(at, key) ? at[key] : undefined;
      if (i === path.length - 1) {
        if (there !== undefined) throw this.wrong(`${path.join('.')} was set before`);
        at[key] = setting;
      } else if (there === undefined) {
        const inner: Record<string, unknown> = {};
        at[key] = inner;
        at = inner;
      } else if (isRecord(there)) {
        at = there;
      } else {
        throw this.wrong(`${path.slice(0, i + 1).join('.')} was set before`);
      }
    });
  }

  private wrong(message: string): ConversationSyntaxError {
    return new ConversationSyntaxError(this.name, this.line, message);
  }
}

/** JSON where it is JSON (numbers, lists, objects, quoted text), else the text as it stands: `5m`, `normalize`. */
function value(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isRecord(something: unknown): something is Record<string, unknown> {
  return typeof something === 'object' && something !== null && !Array.isArray(something);
}
