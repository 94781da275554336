/** The command line in a real process. */
import { hostname } from 'node:os';
import { createServer } from '@mailverb/core';
import { importModule } from '../plugins/import-module.js';
import type { Io, StopSignal } from './io.js';
import { main } from './main.js';

/** How long what is left over (a plugin's forgotten timer or socket) may keep a process that is done. */
const LEFTOVERS_MS = 2000;

/** Runs the command that the process was started with, and sets its exit code. */
export async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo());
  setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
}

function processIo(): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    machine: hostname(),
    importModule,
    createServer,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    exit: (code) => process.exit(code),
    onSignal(handler) {
      const signals: readonly StopSignal[] = ['SIGTERM', 'SIGINT'];
      for (const signal of signals) process.on(signal, handler);
      return () => signals.forEach((signal) => process.off(signal, handler));
    },
    onStray(handler) {
      const exception = (error: unknown): void => handler('uncaughtException', error);
      const rejection = (error: unknown): void => handler('unhandledRejection', error);
      process.on('uncaughtException', exception).on('unhandledRejection', rejection);
      return () => process.off('uncaughtException', exception).off('unhandledRejection', rejection);
    },
  };
}
