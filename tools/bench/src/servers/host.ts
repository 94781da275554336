/** What every server process does beside serving: it says where it listens, and what it has used. */
import { answerCalls } from '../process/remote.js';
import { startProfile, stopProfile } from './profiler.js';

/** What a server process has used so far. */
export interface Usage {
  /** CPU milliseconds, user and system, of all its threads. */
  readonly cpuMs: number;
  /** Octets. */
  readonly rss: number;
  readonly peakRss: number;
  readonly heapUsed: number;
}

const calls = {
  usage(): Usage {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpuMs: (user + system) / 1000, rss, peakRss: process.resourceUsage().maxRSS * 1024, heapUsed };
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
