/** Process in which `libs/protocol` is measured by itself: by CPU time, so that a busy machine matters less. */
import { isFlat, median } from '../measure/stats.js';
import { answerCalls } from '../process/remote.js';
import { TRIALS, type Trial } from './trials.js';

/** What came of one trial. */
export interface ProtocolResult {
  readonly name: string;
  readonly unit: string;
  /** Per second of CPU time. */
  readonly rate: number;
}

const MAX_WINDOWS = 20;

/** The median of the last windows, once three of them are within 3 %. */
function rate(trial: Trial, windowMs: number): number {
  const rates: number[] = [];
  while (rates.length < MAX_WINDOWS && !isFlat(rates, 3, 0.03)) rates.push(window(trial, windowMs));
  return median(rates.slice(-3));
}

function window({ run, amount }: Trial, windowMs: number): number {
  const cpu = process.cpuUsage();
  const end = performance.now() + windowMs;
  let runs = 0;
  for (; performance.now() < end; runs++) run();
  const { user, system } = process.cpuUsage(cpu);
  return (runs * amount * 1e6) / (user + system);
}

const calls = {
  measure: ({ windowMs }: { readonly windowMs: number }): ProtocolResult[] =>
    TRIALS.map((trial) => ({ name: trial.name, unit: trial.unit, rate: rate(trial, windowMs) })),
};

export type ProtocolCalls = typeof calls;

answerCalls(calls, undefined);
