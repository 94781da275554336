/** What the commands need of the world: the process gives the real thing, tests another. */
import type { CreateServer, LoadContext } from '../plan/load.js';
import type { InheritedSockets } from '../plan/sockets.js';
import type { Supervisor } from '../serve/supervisor.js';
import type { StartWorker, WorkerChannel } from '../serve/worker.js';

/** The signals that stop a server. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** A failure that nobody caught, and which of the two kinds it is. */
export type StrayKind = 'uncaughtException' | 'unhandledRejection';

/** The world around a command. */
export interface Io extends LoadContext {
  /** What was asked for. */
  out(text: string): void;
  /** What is said beside it: errors, and what a server tells people when it starts (its log may be on standard output). */
  err(text: string): void;
  /** Asks somebody for a secret, or reads it from standard input where there is nobody to ask. Undefined if none was given. */
  readSecret(prompt: string): Promise<string | undefined>;
  readonly createServer: CreateServer;
  /** Sockets that were opened for this process. */
  readonly sockets: InheritedSockets;
  readonly supervisor: Supervisor;
  /** What this process is to the one that has started it, where several serve together. */
  readonly worker: WorkerChannel | undefined;
  /** Starts another one of several. */
  readonly startWorker: StartWorker;
  /** True for root. */
  readonly privileged: boolean;
  /** Becomes another user, for good. @throws if that can't be. */
  become(user: string, group: string | undefined): void;
  /** Calls `handler` for every such signal until the function that is returned is called. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** Calls `handler` whenever the configuration should be read again (SIGHUP). */
  onReload(handler: () => void): () => void;
  /** Calls `handler` whenever logs should be opened anew (SIGUSR2). */
  onReopen(handler: () => void): () => void;
  /** Calls `handler` for every failure that nobody caught, until the function that is returned is called. */
  onStray(handler: (kind: StrayKind, error: unknown) => void): () => void;
  /** Ends the process now, whatever it is doing. */
  exit(code: number): void;
}

/** Exit codes, after sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The server could not start or run. */
  failure: 1,
  /** The command line was wrong. */
  usage: 64,
  /** A bug: ours, or a plugin's. */
  software: 70,
  /** The configuration was wrong. */
  configuration: 78,
} as const;
