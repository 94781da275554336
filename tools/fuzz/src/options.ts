/** The command line. */
import { parseArgs } from 'node:util';
import { TARGETS, targetNamed } from './targets/index.js';

export interface CommandLine {
  /** Names, in the order in which they are tried. */
  readonly targets: readonly string[];
  /** For all targets together. */
  readonly seconds: number;
  readonly seed: number;
  /** Inputs a target; undefined for as many as there is time for. */
  readonly runs: number | undefined;
  /** A file to try and nothing else. */
  readonly input: string | undefined;
  /** True to add what reached new behaviour to the corpus. */
  readonly keep: boolean;
}

export const USAGE = `npm run fuzz -- [options]

  --seconds N     for all targets together; default 60
  --target NAMES  of ${TARGETS.map(({ name }) => name).join(', ')}
  --seed S        a number; the same seed tries the same inputs. Default: today's date
  --runs N        stop each target after N inputs
  --input FILE    try this file alone, with one target: what a finding says to repeat it
  --keep          add inputs that reached new behaviour to the corpus
  --help`;

/** @returns undefined if help was asked for. @throws with a sentence for people. */
export function readOptions(args: readonly string[], today: Date): CommandLine | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string' },
      seed: { type: 'string' },
      runs: { type: 'string' },
      input: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const targets = values.target === undefined ? TARGETS : values.target.split(',').map(targetNamed);
  if (values.input !== undefined && targets.length !== 1) throw new Error('--input wants one --target');
  return {
    targets: targets.map(({ name }) => name),
    seconds: positive('--seconds', values.seconds),
    seed:
      values.seed === undefined
        ? Number(today.toISOString().slice(0, 10).replaceAll('-', ''))
        : positive('--seed', values.seed),
    runs: values.runs === undefined ? undefined : positive('--runs', values.runs),
    input: values.input,
    keep: values.keep,
  };
}

function positive(option: string, given: string): number {
  const number = Number(given);
  if (!(number > 0) || !Number.isFinite(number)) throw new Error(`${option}: a number above 0, not ${given}`);
  return number;
}
