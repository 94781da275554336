/** The loop: mutate, check, keep what is new, make small what fails. Deterministic but for the moment at which time is up. */
import { minimise } from './minimise.js';
import { mutate, pump } from './mutate.js';
import { Random } from './random.js';
import type { Target } from './target.js';

/** How long and how. */
export interface FuzzOptions {
  readonly seed: number;
  /** Milliseconds; the loop ends with the input at hand. */
  readonly milliseconds?: number;
  /** Inputs; whichever bound is reached first. */
  readonly runs?: number;
  /** Milliseconds of CPU that a large input may need. */
  readonly mostCpuMs?: number;
  /** Told of each input before it is tried, so that somebody else can say which one never came to an end. */
  readonly onInput?: (input: Uint8Array) => void;
}

/** An input for which something does not hold. */
export interface Finding {
  readonly input: Uint8Array;
  readonly message: string;
  /** True if all that is wrong is the time it takes. */
  readonly slow: boolean;
}

/** What came of it. */
export interface FuzzResult {
  readonly runs: number;
  readonly findings: readonly Finding[];
  /** Inputs that reached new behaviour, beside those that it began with. */
  readonly kept: readonly Uint8Array[];
}

/** Octets of an input whose time is taken. */
const LARGE = 64 * 1024;
/** Milliseconds of CPU that any parser may need for it. What is linear needs a few; what is quadratic, seconds. */
export const MOST_CPU_MS = 1000;
/** One input in so many is also tried large. */
const LARGE_EVERY = 300;
/** Different findings of a target after which it is not tried any further. */
const ENOUGH = 5;
const MOST_KEPT = 2000;
const RECENT = 50;
const NO_INPUTS: readonly Uint8Array[] = [new Uint8Array(0)];

/** Fuzzes one target, from the corpus it is given. */
export async function fuzz(
  target: Target,
  corpus: readonly Uint8Array[],
  { seed, milliseconds = Infinity, runs: most = Infinity, mostCpuMs = MOST_CPU_MS, onInput }: FuzzOptions,
): Promise<FuzzResult> {
  const random = new Random(seed, target.name);
  const { maxLength = 2048, tokens = [] } = target;
  /** What behaved how: the shortest so far. First what it began with. */
  const known = new Map<string, Uint8Array>();
  const findings = new Map<string, Finding>();
  const until = performance.now() + milliseconds;
  let runs = 0;
  let pool = NO_INPUTS;

  const attempt = async (input: Uint8Array): Promise<void> => {
    runs += 1;
    onInput?.(input);
    try {
      const signature = await target.check(input);
      const shortest = known.get(signature);
      if (shortest === undefined ? known.size >= MOST_KEPT : shortest.length <= input.length) return;
      known.set(signature, input);
      pool = [];
    } catch (error) {
      await found(input, error);
    }
  };

  const found = async (input: Uint8Array, error: unknown): Promise<void> => {
    const kind = kindOf(error) ?? 'nothing';
    if (findings.has(kind)) return;
    const small = await minimise(input, async (candidate) => {
      onInput?.(candidate);
      return kindOf(await failureOf(target, candidate)) === kind;
    });
    findings.set(kind, { input: small, message: messageOf((await failureOf(target, small)) ?? error), slow: false });
  };

  const attemptLarge = async (input: Uint8Array): Promise<void> => {
    onInput?.(input);
    const cpu = await cpuOf(target, input, mostCpuMs);
    if (cpu <= mostCpuMs || findings.has('slow')) return;
    findings.set('slow', { input, message: `${cpu.toFixed(0)} ms of CPU for ${input.length} octets`, slow: true });
  };

  for (const input of corpus) await attempt(input);
  const begun = known.size;
  while (runs < most && findings.size < ENOUGH && performance.now() < until) {
    if (pool.length === 0) pool = known.size === 0 ? NO_INPUTS : [...known.values()];
    // What was found last is the likeliest to lead further.
    const recent = random.oneIn(2) ? pool.slice(-RECENT) : pool;
    await attempt(mutate({ pool: recent, tokens, maxLength }, random));
    if (target.parse !== undefined && runs % LARGE_EVERY === 0) {
      await attemptLarge(pump(random.pick([...known.values(), ...NO_INPUTS]), LARGE, random));
    }
  }
  return { runs, findings: [...findings.values()], kept: [...known.values()].slice(begun) };
}

/** What is wrong with an input, or undefined. */
export async function failureOf(target: Target, input: Uint8Array): Promise<unknown> {
  try {
    await target.check(input);
    return undefined;
  } catch (error) {
    return error ?? new Error('threw nothing');
  }
}

/** Milliseconds of CPU: the least of several attempts, so that a busy machine or a collection of garbage is no finding. */
export async function cpuOf(target: Target, input: Uint8Array, most = MOST_CPU_MS): Promise<number> {
  let least = Infinity;
  for (let attempts = 0; attempts < 3 && least > most; attempts++) {
    const before = process.cpuUsage();
    await target.parse?.(input);
    least = Math.min(least, process.cpuUsage(before).user / 1000);
  }
  return least;
}

/** What kind of failure it is: its words without what differs from input to input. */
function kindOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const words = messageOf(error).split(/[:(]/, 1)[0] ?? '';
  return words.replaceAll(/\d+/g, '#');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name === 'Broken' ? '' : `${error.name} `}${error.message}` : String(error);
}
