/**
 * Workers by node:cluster: a worker's listening sockets are opened by the primary process and shared by all workers.
 *
 * Each worker accepts for itself (SCHED_NONE). Node's default, that the primary process accepts and hands connections round, was measured to cost
 * a third more processor time for short sessions (3000 without a message, 2 workers: 1.0 s in all and 0.1 s of it in the primary process, against
 * 1.4 s and 0.3 s) for a distribution that is not much more even: 53:47 against 50:50 there, 56:44 against 50:50 for 100 clients that came one
 * after the other.
 */
import cluster from 'node:cluster';
import { marked, unmarked, WORKER_VARIABLE, type Report, type StartWorker } from './worker.js';

/** Starts this same program, with its own arguments. */
export const startClusterWorker: StartWorker = (slot) => {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: process.argv[1], args: process.argv.slice(2) });
  // Whoever supervises hears of this process alone.
  const worker = cluster.fork({ [WORKER_VARIABLE]: String(slot), NOTIFY_SOCKET: '' });
  // A channel that breaks is a worker that ends.
  worker.on('error', () => undefined);
  return Promise.resolve({
    pid: worker.process.pid,
    send(order) {
      if (worker.isConnected()) worker.send(marked(order), () => undefined);
    },
    onReport(handler) {
      worker.on('message', (message: unknown) => {
        const report = unmarked<Report>(message);
        if (report !== undefined) handler(report);
      });
    },
    onExit(handler) {
      worker.process.once('exit', (code: number | null, signal: string | null): void => handler({ code, signal }));
    },
    kill() {
      worker.process.kill('SIGKILL');
    },
  });
};
