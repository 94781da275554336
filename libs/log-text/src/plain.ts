/**
 * The fields of a log line as plain values: nothing that JSON cannot say, nothing secret, nothing without a bound.
 *
 * Whatever is given, there is no throw and no loop: fields hold what plugins caught, and that is anything. The values given are read once
 * and never changed. Text is cut but not escaped here: how to escape depends on where it goes.
 */
import type { LogFields } from '@mailverb/contract';
import { types } from 'node:util';
import { secretNames } from './secrets.js';

/** What is left: JSON's values. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainFields;
/** Plain values by name. */
export interface PlainFields {
  [name: string]: Plain;
}

/** Stands for a secret. */
export const REDACTED = '[redacted]';
/** Stands for what threw when it was looked at. */
export const UNREADABLE = '[unreadable]';

const MAX_TEXT = 8192;
const MAX_NAME = 200;
const MAX_ENTRIES = 64;
const MAX_DEPTH = 6;
// Entries of one field at all its depths together: 64 ^ 6 would be too many.
const MAX_VALUES = 250;
// Characters of all texts of a line together.
const MAX_LINE = 65_536;

/** Fields as plain values; those whose name `isSecret` are redacted, at any depth. Fields that are undefined are left out. */
export function plainFields(fields: LogFields, isSecret: (name: string) => boolean): PlainFields {
  return new Walk(isSecret).fields(fields);
}

/** Text within its bound, whatever it is: a message, which types alone promise to be a string. */
export function plainText(text: unknown): string {
  if (typeof text === 'string') return cut(text, MAX_TEXT);
  // Not String(): the elements of nested lists can be more than there is memory for.
  const { message } = plainFields({ message: text }, secretNames());
  return typeof message === 'string' ? message : cut(JSON.stringify(message ?? null), MAX_TEXT);
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room)}…(${text.length - room} more)`;
}

// One line's worth of looking.
class Walk {
  private left = MAX_VALUES;
  private room = MAX_LINE;
  private readonly above: object[] = [];

  constructor(private readonly isSecret: (name: string) => boolean) {}

  fields(fields: unknown): PlainFields {
    const out: PlainFields = {};
    if (typeof fields !== 'object' || fields === null) return out;
    // An error given where fields belong is still a line.
    if (isError(fields)) return { error: this.value(fields) };
    this.above.push(fields);
    this.copy(fields, out);
    return out;
  }

  private value(value: unknown): Plain {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'undefined':
        return null;
      case 'object':
        return value === null ? null : this.guarded(value);
      case 'function':
        return '[function]';
      default:
        return this.text(String(value));
    }
  }

  private text(text: string): string {
    const shown = cut(text, Math.min(MAX_TEXT, this.room));
    this.room = Math.max(0, this.room - shown.length);
    return shown;
  }

  private guarded(value: object): Plain {
    if (this.above.includes(value)) return '[circular]';
    if (this.above.length > MAX_DEPTH) return '[too deep]';
    this.above.push(value);
    try {
      return this.object(value);
    } catch {
      return UNREADABLE;
    } finally {
      this.above.pop();
    }
  }

  private object(value: object): Plain {
    if (isError(value)) return this.error(value);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} octets]`;
    if (Array.isArray(value)) return this.list(value, value.length);
    if (value instanceof Set) return this.list(value, value.size);
    if (value instanceof Map) return this.map(value);
    if (value instanceof URL && value.password !== '') {
      const shown = new URL(value);
      shown.password = '***';
      return this.text(shown.href);
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') {
      const said: unknown = toJSON.call(value);
      return said === value ? UNREADABLE : this.value(said);
    }
    // An instance that has words of its own for people (a Reply) is shown by them.
    if (typeof value.toString === 'function' && value.toString !== Object.prototype.toString) {
      const words = String(value);
      // An ordinary object of another realm has another toString.
      if (words !== '[object Object]') return this.text(words);
    }
    const out: PlainFields = {};
    this.copy(value, out);
    return out;
  }

  private copy(from: object, out: PlainFields, skip: readonly string[] = []): void {
    let names: readonly string[];
    try {
      names = Object.keys(from);
    } catch {
      put(out, 'unreadable', true);
      return;
    }
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string; // i < length
      // Each field of the line has its own measure, so that one cannot push another out.
      if (this.above.length === 1) this.left = MAX_VALUES;
      if (i >= MAX_ENTRIES || this.left-- <= 0) {
        put(out, '…', `${names.length - i} more`);
        return;
      }
      if (skip.includes(name)) continue;
      if (this.isSecret(name)) put(out, name, REDACTED);
      else this.read(from, name, out);
    }
  }

  private read(from: object, name: string, out: PlainFields): void {
    let value: unknown;
    try {
      value = (from as Record<string, unknown>)[name];
    } catch {
      value = UNREADABLE;
    }
    if (value !== undefined) put(out, name, this.value(value));
  }

  private list(values: Iterable<unknown>, length: number): Plain {
    const out: Plain[] = [];
    for (const value of values) {
      if (out.length >= MAX_ENTRIES || this.left-- <= 0) {
        out.push(`… ${length - out.length} more`);
        break;
      }
      out.push(this.value(value));
    }
    return out;
  }

  private map(values: ReadonlyMap<unknown, unknown>): Plain {
    const out: PlainFields = {};
    let taken = 0;
    for (const [key, value] of values) {
      if (taken++ >= MAX_ENTRIES || this.left-- <= 0) {
        put(out, '…', `${values.size - taken + 1} more`);
        break;
      }
      const name = typeof key === 'object' && key !== null ? '[object]' : String(key);
      put(out, name, this.isSecret(name) ? REDACTED : this.value(value));
    }
    return out;
  }

  private error(error: Error): Plain {
    const out: PlainFields = {};
    for (const name of ['name', 'message', 'code', 'stack', 'cause', 'errors']) {
      this.read(error, name, out);
    }
    // The fields of a SmtpError, a system error's syscall and path: private, and this is the private log.
    this.copy(error, out, ['name', 'message', 'code', 'stack', 'cause', 'errors']);
    return out;
  }
}

function isError(value: object): value is Error {
  try {
    // Errors of another realm (a vm, jest) are errors too.
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // a proxy that does not want to be asked
  }
}

function put(out: PlainFields, name: string, value: Plain): void {
  const short = name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME)}…`;
  if (short !== '__proto__') out[short] = value;
  // Assigned, it would be the prototype (attack A10).
  else Object.defineProperty(out, short, { value, enumerable: true, configurable: true, writable: true });
}
