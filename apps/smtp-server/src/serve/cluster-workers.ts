/**
 * Workers by node:cluster: a worker's listening sockets are opened by the primary process and shared by all workers.
 *
 * SCHED
 */
import cluster from 'node:cluster';
import { marked, unmarked, WORKER_VARIABLE, type Report, type StartWorker } from './worker.js';

/** Starts this same program, with its own arguments. */
export const startClusterWorker: StartWorker = (slot) => {
  cluster.schedulingPolicy = process.env['MAILVERB_SCHED'] === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE;
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
