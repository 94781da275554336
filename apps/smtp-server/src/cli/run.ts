/** The command line in a real process. */
import { availableParallelism, hostname } from 'node:os';
import { createServer } from '@mailverb/core';
import { reasonOf, stackOf } from '../errors.js';
import { importModule } from '../plugins/import-module.js';
import { EXIT, type Io, type StopSignal, type StrayKind } from './io.js';
import { main } from './main.js';

/** How long what is left over (a plugin's forgotten timer or socket) may keep a process that is done. */
const LEFTOVERS_MS = 2000;

const SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT'];

/** Runs the command that the process was started with, and sets its exit code. */
export async function run(): Promise<void> {
  const argv = process.argv.slice(2);
  // Whoever read our output may have seen enough of it: `mailverb-smtp schema | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.exitCode = await main(argv, new ProcessIo(argv.includes('--debug')));
  // Not before all that was said has been read.
  process.stdout.write('', () => setTimeout(() => process.exit(), LEFTOVERS_MS).unref());
}

/** The process that we run in. */
class ProcessIo implements Io {
  readonly env = process.env;
  readonly cwd = process.cwd();
  readonly machine = hostname();
  readonly processors = availableParallelism();
  readonly importModule = importModule;
  readonly createServer = createServer;
  private readonly strayHandlers = new Set<(kind: StrayKind, error: unknown) => void>();

  constructor(private readonly debug: boolean) {
    process.on('uncaughtException', (error) => this.stray('uncaughtException', error));
    process.on('unhandledRejection', (error) => this.stray('unhandledRejection', error));
  }

  out(text: string): void {
    process.stdout.write(text);
  }

  err(text: string): void {
    process.stderr.write(text);
  }

  exit(code: number): void {
    process.exit(code);
  }

  onSignal(handler: (signal: StopSignal) => void): () => void {
    for (const signal of SIGNALS) process.on(signal, handler);
    return () => SIGNALS.forEach((signal) => process.off(signal, handler));
  }

  onStray(handler: (kind: StrayKind, error: unknown) => void): () => void {
    this.strayHandlers.add(handler);
    return () => this.strayHandlers.delete(handler);
  }

  // Before a server has started and after it has stopped there is no log to write to, and nobody to spare.
  private stray(kind: StrayKind, error: unknown): void {
    for (const handler of this.strayHandlers) handler(kind, error);
    if (this.strayHandlers.size > 0) return;
    const what =
      kind === 'uncaughtException' ? 'an exception was not caught' : 'a promise was rejected and nobody looked';
    this.err(`${what}: ${this.debug ? stackOf(error) : reasonOf(error)}\n`);
    if (kind === 'uncaughtException') this.exit(EXIT.software);
  }
}
