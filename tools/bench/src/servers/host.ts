/** What every server process does beside serving: it says where it listens, and what it has used. */
import { PerformanceObserver, constants, type PerformanceEntry } from 'node:perf_hooks';
import { answerCalls } from '../process/remote.js';
import { startProfile, stopProfile } from './profiler.js';

/** What a server process has used so far. */
export interface Usage {
  /** CPU milliseconds, user and system, of all its threads. */
  readonly cpuMs: number;
  /** The part of it that was spent in the kernel. */
  readonly systemMs: number;
  /** Milliseconds in which garbage collection stood in the way, and how many of these were full collections. */
  readonly gcMs: number;
  readonly fullCollections: number;
  /** Octets. */
  readonly rss: number;
  readonly peakRss: number;
  readonly heapUsed: number;
}

const garbage = { gcMs: 0, fullCollections: 0 };

/** True for an entry of the `gc` kind that was a full collection. */
function isFull(entry: PerformanceEntry): boolean {
  // The declared type is that of entries in general, which have no detail.
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    garbage.gcMs += entry.duration;
    if (isFull(entry)) garbage.fullCollections++;
  }
}).observe({ entryTypes: ['gc'] });

const calls = {
  usage(): Usage {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      cpuMs: (user + system) / 1000,
      systemMs: system / 1000,
      ...garbage,
      rss,
      peakRss: process.resourceUsage().maxRSS * 1024,
      heapUsed,
    };
  },
  /** Collects garbage, and lets what waits for it (weak references, freed buffers) come and go. */
  async collect(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      global.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  startProfile,
  stopProfile,
};

export type ServerCalls = typeof calls;

/** Tells the runner the port, and answers its questions until it goes away. */
export function serveBench(port: number): void {
  answerCalls(calls, { port });
}

/** What a server process says when it is ready. */
export interface Listening {
  readonly port: number;
}
