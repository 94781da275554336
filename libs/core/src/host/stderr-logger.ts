/** The logger that there is when no plugin provides one: what went wrong goes to standard error, a JSON line each, and nothing else is said. */
import type { LogFields, Logger, LogLevel } from '@mailverb/contract';
import { escapeJson, plainFields, reaches, secretNames } from '@mailverb/log-text';

const isSecret = secretNames();

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
    return new StderrLogger({ ...this.base, ...plainFields(fields, isSecret) });
  }
  enabled(level: LogLevel): boolean {
    return reaches(level, 'warn');
  }

  private write(level: LogLevel, fields: LogFields, message: string): void {
    process.stderr.write(
      `${escapeJson(JSON.stringify({ level, message, ...this.base, ...plainFields(fields, isSecret) }))}\n`,
    );
  }
}
