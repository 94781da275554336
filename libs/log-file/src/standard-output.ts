/**
 * Standard output and standard error as places for logs.
 *
 * One writer for the whole process and each stream: two plugins that log to stdout write whole lines, in the order of their writing. When
 * the reader has gone (EPIPE), lines are dropped; the process lives.
 */
import { FdWriter } from './fd-writer.js';
import { DEFAULT_BOUND } from './log-file.js';
import type { LogOutput } from './log-output.js';
import { keep } from './upkeep.js';

// Whom could it tell that there is nobody to tell?
const NOBODY = { failed: () => undefined, overflowed: () => undefined, recovered: () => undefined };

const writers = new Map<number, FdWriter>();

function writerOf(fd: 1 | 2): FdWriter {
  let writer = writers.get(fd);
  if (writer === undefined) {
    writer = new FdWriter(fd, DEFAULT_BOUND, NOBODY);
    writers.set(fd, writer);
    // For as long as the process lives: lines may come before the start and after the stop.
    keep(writer);
  }
  return writer;
}

/** Standard output or standard error. Always open: `start` does nothing, and `stop` waits until all is written. */
export class StandardOutput implements LogOutput {
  constructor(private readonly fd: 1 | 2) {}

  write(lines: string): void {
    writerOf(this.fd).write(lines);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await writers.get(this.fd)?.settled();
  }

  flushSync(): void {
    writers.get(this.fd)?.flushSync();
  }
}
