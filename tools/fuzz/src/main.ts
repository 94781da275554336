/** `npm run fuzz`: tries every parser with inputs made from the corpus; exits with 1 if something does not hold. */
import 'reflect-metadata';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addToCorpus } from './corpus.js';
import { MOST_CPU_MS, cpuOf, failureOf, type Finding } from './engine/fuzz.js';
import { hash32 } from './engine/random.js';
import { USAGE, readOptions, type CommandLine } from './options.js';
import { runTarget } from './run-target.js';
import { targetNamed } from './targets/index.js';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const CORPUS = join(HERE, 'corpus');
const CRASHES = join(HERE, 'crashes');

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Tries one file. @returns how many things do not hold. */
async function repeat(name: string, file: string): Promise<number> {
  const target = targetNamed(name);
  const input = readFileSync(file);
  const failure = await failureOf(target, input);
  const cpu = await cpuOf(target, input);
  await target.close?.();
  if (failure !== undefined)
    say(`${name}: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}`);
  if (cpu > MOST_CPU_MS) say(`${name}: ${cpu.toFixed(0)} ms of CPU for ${input.length} octets`);
  if (failure === undefined && cpu <= MOST_CPU_MS) {
    say(`${name}: holds (${cpu.toFixed(0)} ms of CPU)`);
    return 0;
  }
  return 1;
}

/** Fuzzes the targets one after another. @returns how many things do not hold. */
async function fuzzAll({ targets, seconds, seed, runs, keep }: CommandLine): Promise<number> {
  say(`seed ${seed}`);
  let findings = 0;
  for (const target of targets) {
    const milliseconds = (seconds * 1000) / targets.length;
    const result = await runTarget({ target, corpus: CORPUS, seed, milliseconds, runs });
    const { length } = result.findings;
    say(
      `${target}: ${result.runs} inputs, ${result.kept.length} of new behaviour, ${length} finding${length === 1 ? '' : 's'}`,
    );
    for (const finding of result.findings) report(target, finding);
    if (keep) addToCorpus(CORPUS, target, result.kept);
    findings += length;
  }
  return findings;
}

function report(target: string, { input, message }: Finding): void {
  mkdirSync(CRASHES, { recursive: true });
  const file = join(CRASHES, `${target}-${hash32(input).toString(16).padStart(8, '0')}`);
  writeFileSync(file, input);
  say(`  ${message.slice(0, 2000)}`);
  say(`  ${JSON.stringify(Buffer.from(input.subarray(0, 300)).toString('latin1'))}${input.length > 300 ? '...' : ''}`);
  say(`  repeat: npm run fuzz -- --target ${target} --input ${relative(process.cwd(), file)}`);
}

try {
  const options = readOptions(process.argv.slice(2), new Date());
  if (options === undefined) {
    say(USAGE);
  } else {
    const [target = ''] = options.targets;
    const findings = options.input === undefined ? await fuzzAll(options) : await repeat(target, options.input);
    if (findings > 0) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
