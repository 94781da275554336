/** Fuzzes one target in a thread of its own, so that an input that never comes to an end is a finding and not the end of everything. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CurrentInput, type Job, type JobResult } from './job.js';

/** Milliseconds that one input may take before its thread is ended: far beyond the time that counts as slow. */
const STUCK_MS = 30_000;
const LOOK_MS = 500;

/** @returns what the thread found; a finding of its own if it got stuck. @throws (rejects) if the thread itself fails. */
export async function runTarget(job: Omit<Job, 'shared'>, stuckMs = STUCK_MS): Promise<JobResult> {
  const current = new CurrentInput();
  const workerData: Job = { ...job, shared: current.shared };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
  let count = current.count;
  let since = performance.now();
  let stuck = false;
  const watch = setInterval(() => {
    if (current.count !== count) {
      count = current.count;
      since = performance.now();
    } else if (count > 0 && performance.now() - since > stuckMs) {
      stuck = true;
      void worker.terminate();
    }
  }, LOOK_MS);
  try {
    const [result] = (await Promise.race([once(worker, 'message'), once(worker, 'exit')])) as [JobResult | number];
    if (typeof result === 'object') return result;
    if (!stuck) throw new Error(`the thread of ${job.target} ended with code ${result}`);
    const finding = { input: current.get(), message: `no end after ${stuckMs} ms`, slow: true };
    return { runs: count, findings: [finding], kept: [] };
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}
