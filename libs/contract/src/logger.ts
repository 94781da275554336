/** Loggers: where the server's own lines go. A service, replaced by any plugin that provides the token `Logger`. */
import { token } from './token.js';

/** From most to least talkative. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Fields of a line. `error` may hold an Error; keys named like secrets are redacted by the logger. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines. Never throws, never blocks, never decides. Text from the network is cleaned or escaped, so that it is one line. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  fatal(fields: LogFields, message: string): void;
  /** A logger whose every line has these fields too. */
  child(fields: LogFields): Logger;
  /** True if a line of this level would be written: ask before building costly fields. */
  enabled(level: LogLevel): boolean;
}

export const Logger = token<Logger>('Logger');
