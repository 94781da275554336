/** A line for people: `12:00:01 info  message key=value …`. */
import type { LogLevel } from '@mailverb/contract';
import { escapeJson, escapeText, type Plain, type PlainFields } from '@mailverb/log-text';

const COLOURS: Readonly<Record<LogLevel, string>> = {
  trace: '90',
  debug: '36',
  info: '32',
  warn: '33',
  error: '31',
  fatal: '1;31',
};
const DIM = '2';

// What needs no quotes: no space, no quote, no equals sign, nothing that is escaped.
const BARE = /^[^\s"'=\\{}[\],]+$/;

/** How lines look; made once. */
export class LineFormat {
  constructor(private readonly colour: boolean) {}

  line(time: number, level: LogLevel, message: string, fields: string): string {
    const stamp = this.paint(DIM, clockTime(new Date(time)));
    return `${stamp} ${this.paint(COLOURS[level], level.padEnd(5))} ${escapeText(message)}${fields}\n`;
  }

  /** ` key=value key="another value"`; empty for none. */
  fields(fields: PlainFields): string {
    let text = '';
    for (const name of Object.keys(fields)) text += ` ${this.paint(DIM, `${word(name)}=`)}${show(fields[name])}`;
    return text;
  }

  private paint(code: string, text: string): string {
    return this.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

function show(value: Plain | undefined): string {
  if (typeof value === 'string') return word(value);
  return escapeJson(JSON.stringify(value ?? null));
}

function word(text: string): string {
  const safe = escapeText(text);
  return safe === text && BARE.test(text) ? text : escapeJson(JSON.stringify(text));
}

// Local time: it is for who sits before it.
function clockTime(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
