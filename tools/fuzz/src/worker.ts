/** A thread that fuzzes one target. */
import 'reflect-metadata';
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.js';
import { fuzz } from './engine/fuzz.js';
import { CurrentInput, type Job, type JobResult } from './job.js';
import { targetNamed } from './targets/index.js';

const { target: name, corpus, seed, milliseconds, runs, shared } = workerData as Job;
const target = targetNamed(name);
const current = new CurrentInput(shared);
const inputs = readCorpus(corpus, name).map(({ input }) => input);
const result: JobResult = await fuzz(target, inputs, {
  seed,
  milliseconds,
  runs,
  onInput: (input) => current.set(input),
});
await target.close?.();
parentPort?.postMessage(result);
