/** A logger for specs: keeps what it was told. */
import { Logger, definePlugin, use, type LogFields, type PluginUse } from '@mailverb/contract';

/** One line, its fields with those of the loggers that it came through. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class Lines implements Logger {
  constructor(
    readonly all: Line[] = [],
    private readonly always: LogFields = {},
  ) {}

  trace(fields: LogFields, message: string): void {
    this.add('trace', fields, message);
  }
  debug(fields: LogFields, message: string): void {
    this.add('debug', fields, message);
  }
  info(fields: LogFields, message: string): void {
    this.add('info', fields, message);
  }
  warn(fields: LogFields, message: string): void {
    this.add('warn', fields, message);
  }
  error(fields: LogFields, message: string): void {
    this.add('error', fields, message);
  }
  fatal(fields: LogFields, message: string): void {
    this.add('fatal', fields, message);
  }
  child(fields: LogFields): Logger {
    return new Lines(this.all, { ...this.always, ...fields });
  }
  enabled(): boolean {
    return true;
  }

  /** Messages of a level and above `info`. */
  messages(level: string): readonly string[] {
    return this.all.filter((line) => line.level === level).map(({ message }) => message);
  }

  /** Put to use as a plugin. */
  get plugin(): PluginUse {
    return use(definePlugin({ name: 'lines', register: (contribute) => contribute.service(Logger, this) }));
  }

  private add(level: string, fields: LogFields, message: string): void {
    this.all.push({ level, message, fields: { ...this.always, ...fields } });
  }
}
