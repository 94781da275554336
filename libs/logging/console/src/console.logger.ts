/** The service Logger for people, without a dependency: proof that a logger is a plugin like any other. */
import type { WriteStream } from 'node:tty';
import { Clock, Options, type Lifecycle, type LogFields, type LogLevel, type Logger } from '@mailverb/contract';
import { plainFields, plainText, reaches, secretNames, wantsColour } from '@mailverb/log-text';
import { inject, injectable } from 'tsyringe';
import type { ConsoleOptions } from './console.options.js';
import { LineFormat } from './format.js';

// A reader of a pipe that does not read must not fill the memory.
const MAX_WAITING = 4 * 1024 * 1024;

/** What a logger and its children share. */
interface Shared {
  readonly options: ConsoleOptions;
  readonly clock: Clock;
  readonly format: LineFormat;
  readonly isSecret: (name: string) => boolean;
  write(line: string): void;
}

/** A logger and the fields of all its lines, ready-made. */
class ConsoleLines implements Logger {
  constructor(
    private readonly shared: Shared,
    private readonly own: string,
  ) {}

  trace(fields: LogFields, message: string): void {
    this.line('trace', fields, message);
  }

  debug(fields: LogFields, message: string): void {
    this.line('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.line('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.line('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.line('error', fields, message);
  }

  fatal(fields: LogFields, message: string): void {
    this.line('fatal', fields, message);
  }

  child(fields: LogFields): Logger {
    return new ConsoleLines(this.shared, this.own + this.show(fields));
  }

  enabled(level: LogLevel): boolean {
    return reaches(level, this.shared.options.level);
  }

  private line(level: LogLevel, fields: LogFields, message: string): void {
    if (!this.enabled(level)) return;
    const { format, clock } = this.shared;
    this.shared.write(format.line(clock.now(), level, plainText(message), this.own + this.show(fields)));
  }

  private show(fields: LogFields): string {
    return this.shared.format.fields(plainFields(fields, this.shared.isSecret));
  }
}

/** Writes to a standard stream of the process. When its reader has gone (EPIPE), lines are dropped and the process lives. */
@injectable()
export class ConsoleLogger extends ConsoleLines implements Lifecycle {
  private readonly output: Output;

  constructor(@inject(Options) options: ConsoleOptions, @inject(Clock) clock: Clock) {
    const output = new Output(options.destination);
    const format = new LineFormat(wantsColour(options.destination === 'stdout' ? 1 : 2));
    const isSecret = secretNames(options.redact);
    super({ options, clock, format, isSecret, write: (line) => output.write(line) }, '');
    this.output = output;
  }

  /** Waits until what was written has gone out. */
  stop(): Promise<void> {
    return this.output.stop();
  }
}

class Output {
  private listening = false;
  private gone = false;

  constructor(private readonly name: 'stdout' | 'stderr') {}

  write(line: string): void {
    const stream = this.stream();
    if (this.gone || stream.writableLength > MAX_WAITING) return;
    if (!this.listening) {
      // Without a listener, an EPIPE would end the process.
      stream.on('error', this.broken);
      this.listening = true;
    }
    stream.write(line);
  }

  stop(): Promise<void> {
    if (!this.listening || this.gone) return Promise.resolve();
    const stream = this.stream();
    return new Promise((resolve) => {
      stream.write('', (error) => {
        // After the stop others may write; their errors are theirs again, and ours again with our next line.
        // With an error the event comes yet.
        if (error === null || error === undefined) {
          stream.off('error', this.broken);
          this.listening = false;
        }
        resolve();
      });
    });
  }

  private stream(): WriteStream {
    return process[this.name];
  }

  private readonly broken = (): void => {
    this.gone = true;
  };
}
