/** Where log lines go: what files and the standard streams have in common. */

/** Takes lines. Never throws and never blocks, except in `flushSync`. */
export interface LogOutput {
  /** @param lines one or more, each ended by LF. Escaping is the writer's business. */
  write(lines: string): void;
  /** Opens. What was written before waits for it. @throws (rejects) if the file cannot be opened. */
  start(): Promise<void>;
  /** Writes what waits, then closes. */
  stop(): Promise<void>;
  /** Writes what waits, blocking: for the last words of a process. */
  flushSync(): void;
}

/** Told in plain words when lines cannot be written, and when they can again. Must not throw. */
export type OnProblem = (problem: string, error?: Error) => void;

/** How an output is made. */
export interface LogOutputOptions {
  readonly onProblem?: OnProblem;
  /** Characters that may wait to be written; default 4 Mi. */
  readonly bound?: number;
}
