/** What processes that serve together say to each other: everything is a plain object, and goes over the channel that Node opens between them. */
import type { Admission, AdmissionLimits, BoundAddress, Refused } from '@mailverb/core';
import type { Page } from './page.js';

/** From the primary process to a worker. */
export type Order =
  | { readonly type: 'stop' }
  | { readonly type: 'reload' }
  /** Open logs anew. */
  | { readonly type: 'reopen' }
  | { readonly type: 'metrics'; readonly id: number }
  /** The answer to those that asked to enter. */
  | { readonly type: 'entered'; readonly answers: readonly Answer[] };

/** Null where one more is taken. */
export interface Answer {
  readonly id: number;
  readonly refused: Refused | null;
}

/** One that has left. */
export interface Leaving {
  readonly listener: string;
  readonly network: string;
}

/** One that would come in. */
export interface Entering extends Leaving {
  readonly id: number;
  readonly limits: AdmissionLimits;
}

/** From a worker to the primary process. */
export type Report =
  | { readonly type: 'ready'; readonly addresses: readonly BoundAddress[] }
  | { readonly type: 'reloaded'; readonly ok: boolean }
  | { readonly type: 'stopping' }
  /** What has come together since the last time: a message for each would cost more than a short session. Those that left come first. */
  | { readonly type: 'connections'; readonly left: readonly Leaving[]; readonly entering: readonly Entering[] }
  /** Null where nobody counts. */
  | { readonly type: 'metrics'; readonly id: number; readonly page: Page | null };

/** What a worker is to the process that has started it. */
export interface WorkerChannel {
  /** From 1 on; whoever replaces it has the same. */
  readonly slot: number;
  /** Counts connections of all workers together. */
  readonly admission: Admission;
  /** Says who gives out the numbers of this process. */
  onMetrics(give: () => Promise<Page | undefined>): void;
}

/** How a process came to its end. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker, as the primary process sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** What can't be sent any more is dropped: the end is told by `onExit`. */
  send(order: Order): void;
  onReport(handler: (report: Report) => void): void;
  onExit(handler: (end: WorkerEnd) => void): void;
  /** Ends it now. */
  kill(): void;
}

/** Starts one. */
export type StartWorker = (slot: number) => Promise<WorkerProcess>;

/** The environment variable that makes a process a worker: its number. */
export const WORKER_VARIABLE = 'MAILVERB_WORKER';

const MARK = 'mailverb';

/** As it is sent: others (Node itself) use the channel too. */
export function marked<T extends Order | Report>(message: T): { readonly [MARK]: T } {
  return { [MARK]: message };
}

/** What was sent by {@link marked}. Both ends are the same program, so what it holds is not looked at again. */
export function unmarked<T extends Order | Report>(message: unknown): T | undefined {
  if (typeof message !== 'object' || message === null || !(MARK in message)) return undefined;
  return message[MARK] as T;
}
