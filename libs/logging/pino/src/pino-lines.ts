/** The contract's Logger over one pino instance. */
import type { LogFields, LogLevel, Logger } from '@mailverb/contract';
import { plainFields, plainText, type PlainFields } from '@mailverb/log-text';
import type { Logger as Pino } from 'pino';

// pino writes these itself, before or after the fields: a field of the same name would be the one that a reader of JSON believes.
const RESERVED = ['level', 'time', 'msg', 'pid', 'hostname'];
// And these mean something to pino's child().
const RESERVED_IN_CHILD = [...RESERVED, 'serializers', 'formatters', 'customLevels'];

/**
 * Lines through pino. Fields are made plain and cleaned of secrets before pino sees them: its own redaction knows paths, not names at any
 * depth, and its serializers throw where a getter does.
 */
export class PinoLines implements Logger {
  constructor(
    private readonly pino: Pino,
    private readonly isSecret: (name: string) => boolean,
  ) {}

  trace(fields: LogFields, message: string): void {
    this.write('trace', fields, message);
  }

  debug(fields: LogFields, message: string): void {
    this.write('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.write('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.write('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.write('error', fields, message);
  }

  fatal(fields: LogFields, message: string): void {
    this.write('fatal', fields, message);
  }

  child(fields: LogFields): Logger {
    const plain = withoutReserved(plainFields(fields, this.isSecret), RESERVED_IN_CHILD);
    return new PinoLines(this.pino.child(plain), this.isSecret);
  }

  enabled(level: LogLevel): boolean {
    return this.pino.isLevelEnabled(level);
  }

  private write(level: LogLevel, fields: LogFields, message: string): void {
    if (!this.pino.isLevelEnabled(level)) return;
    this.pino[level](withoutReserved(plainFields(fields, this.isSecret), RESERVED), plainText(message));
  }
}

function withoutReserved(fields: PlainFields, reserved: readonly string[]): PlainFields {
  for (const name of reserved) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) continue;
    delete fields[name];
    fields[`${name}_`] = value;
  }
  return fields;
}
