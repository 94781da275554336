/** The service Logger by pino: makes the pino instance, and owns what it writes to. */
import { hostname } from 'node:os';
import { Clock, Options, type Lifecycle } from '@mailverb/contract';
import { openLog, type LogOutput } from '@mailverb/log-file';
import { escapeJson, escapeText, isoTime, secretNames, wantsColour } from '@mailverb/log-text';
import { pino } from 'pino';
import { inject, injectable } from 'tsyringe';
import { PinoLines } from './pino-lines.js';
import type { PinoOptions } from './pino.options.js';
import { prettyLine } from './pretty.js';

/** Writes lines without blocking; whatever waits is written at the stop, or else at the end of the process. */
@injectable()
export class PinoLogger extends PinoLines implements Lifecycle {
  private readonly output: LogOutput;

  constructor(@inject(Options) options: PinoOptions, @inject(Clock) clock: Clock) {
    const output = openLog(options.destination, { onProblem: complain });
    super(makePino(options, clock, output), secretNames(options.redact));
    this.output = output;
  }

  start(): Promise<void> {
    return this.output.start();
  }

  stop(): Promise<void> {
    return this.output.stop();
  }
}

function makePino({ level, format, destination, process: addProcess }: PinoOptions, clock: Clock, output: LogOutput) {
  const fd = destination === 'stdout' ? 1 : destination === 'stderr' ? 2 : undefined;
  const finish = format === 'json' ? jsonLine : prettyLine(fd !== undefined && wantsColour(fd));
  return pino(
    {
      level,
      base: addProcess ? { pid: process.pid, hostname: hostname() } : null,
      timestamp: () => `,"time":"${isoTime(clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Fields come as plain values; pino's serializer of errors would not know them for what they were.
      serializers: { err: (value: unknown) => value },
      hooks: { streamWrite: finish },
    },
    { write: (line: string) => output.write(line) },
  );
}

function jsonLine(line: string): string {
  return `${escapeJson(line.slice(0, -1))}\n`;
}

// A log that cannot be written to cannot say so itself.
function complain(problem: string, error?: Error): void {
  openLog('stderr').write(`mailverb: ${escapeText(error === undefined ? problem : `${problem}: ${error.message}`)}\n`);
}
