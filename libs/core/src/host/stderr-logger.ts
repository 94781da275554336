/** The logger that there is when no plugin provides one: what went wrong goes to standard error, a JSON line each, and nothing else is said. */
import type { LogFields, Logger, LogLevel } from '@mailverb/contract';

/** Writes warnings and worse. */
export class StderrLogger implements Logger {
  constructor(private readonly base: LogFields = {}) {}

  trace(): void {}
  debug(): void {}
  info(): void {}
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
    return new StderrLogger({ ...this.base, ...fields });
  }
  enabled(level: LogLevel): boolean {
    return level === 'warn' || level === 'error' || level === 'fatal';
  }

  private write(level: LogLevel, fields: LogFields, message: string): void {
    const line = JSON.stringify({ level, message, ...this.base, ...fields }, (_key, value: unknown) =>
      value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value,
    );
    process.stderr.write(`${line}\n`);
  }
}
