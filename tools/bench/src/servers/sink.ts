/** Server process: apps/sink, as it is; with the argument `unlimited`, without the limits that would end a hostile client too soon to see. */
// First: core brings reflect-metadata, which decorated plugins need when they are loaded.
import { runAssembled } from './assembled.js';
import { sinkPlan } from '@mailverb/sink';

const UNLIMITED = {
  messageSize: '64MiB',
  // By default a hundred NOOPs are answered 421: what a million do is seen only without that.
  commandsBeforeTransaction: 10_000_000,
};

await runAssembled(sinkPlan({ port: 0, limits: process.argv[2] === 'unlimited' ? UNLIMITED : {} }));
