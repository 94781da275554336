/**
 * Process in which greylisting decides, on lmdb: how long its event loop is held up by one decision. That is the CPU time of the main thread
 * (transactions are carried out by others), which a busy machine does not change, and beside it how long the loop was not waiting.
 */
import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Envelope, Logger, RcptInput, Session } from '@mailverb/contract';
import { GreylistPolicy, greylistOptions } from '@mailverb/policy-greylist';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { LmdbStore } from '@mailverb/store-lmdb';
import { answerCalls } from '../process/remote.js';

/** How much is measured. */
export interface GreylistSettings {
  readonly triples: number;
  /** Of each kind, in each of three windows. */
  readonly decisions: number;
  /** Decisions under way at once. */
  readonly atOnce: number;
  readonly disk: string | undefined;
}

/** What one kind of decision cost. */
export interface GreylistResult {
  readonly name: string;
  /** CPU time of the main thread for one, in microseconds: the median of the windows. */
  readonly cpu: number;
  /** How long the loop was busy for one, in microseconds. */
  readonly busy: number;
  /** In a second. */
  readonly rate: number;
}

/** Octets, once garbage is collected. */
export interface GreylistMemory {
  readonly when: string;
  /** Of the process, without files that it has mapped: the database is one. */
  readonly anonymous: number;
  readonly heap: number;
  readonly file: number;
}

const MINUTE = 60_000;
const WINDOWS = 3;
const QUIET: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  child: () => QUIET,
  enabled: () => false,
};
const CONTEXT = { signal: new AbortController().signal };

/** The time, which can be moved on. */
class Time implements Clock {
  offset = 0;
  now(): number {
    return Date.now() + this.offset;
  }
  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = setTimeout(callback, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  }
}

function mailbox(address: string): Mailbox {
  const parsed = parseMailbox(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  return parsed;
}

/** Sessions and envelopes with as little as may be: what they cost is the server's, and not the decision's. */
function session(remoteAddress: string): Session {
  return {
    id: 'bench',
    listener: {
      name: 'mx',
      hostname: 'mx.example.org',
      protocol: 'smtp',
      maxMessageSize: 0,
      maxRecipients: 0,
      maxMessages: 0,
      tls: 'none',
    },
    remoteAddress,
    remotePort: 40_000,
    remoteName: undefined,
    localAddress: '192.0.2.25',
    localPort: 25,
    trustedPeer: false,
    openedAt: 0,
    phase: 'mail',
    heloName: 'client.example.net',
    extended: true,
    tls: undefined,
    identity: undefined,
    forwarded: undefined,
    envelope: undefined,
    annotations: [],
    get: () => undefined,
    set: () => undefined,
  };
}

function envelope(sender: string): Envelope {
  return { id: 'bench', reversePath: mailbox(sender), parameters: {}, recipients: [] };
}

/** The question about triple `i`; each has a sender of its own, and every thousand a network. */
function question(i: number): RcptInput {
  const network = Math.floor(i / 1000) % 65_536;
  return {
    session: session(`10.${network >> 8}.${network & 255}.${i % 250}`),
    envelope: envelope(`sender-${i}@mail.example.net`),
    mailbox: mailbox(`user-${i % 5000}@example.org`),
    parameters: {},
  };
}

/** Asks all of them, so many at once. */
async function ask(policy: GreylistPolicy, questions: readonly RcptInput[], atOnce: number): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let input = questions[next++]; input !== undefined; input = questions[next++])
      await policy.rcpt(input, CONTEXT);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

/** Nanoseconds that this process' first thread has run (proc(5), schedstat). */
function mainThreadCpu(): number {
  const [run] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
  return Number(run);
}

async function measured(work: () => Promise<void>, times: number): Promise<Omit<GreylistResult, 'name'>> {
  const [cpu, before, start] = [mainThreadCpu(), performance.eventLoopUtilization(), performance.now()];
  await work();
  const took = performance.now() - start;
  const { active } = performance.eventLoopUtilization(before);
  return { cpu: (mainThreadCpu() - cpu) / 1000 / times, busy: (active * 1000) / times, rate: (times * 1000) / took };
}

function memory(when: string, file: string): GreylistMemory {
  globalThis.gc?.();
  globalThis.gc?.();
  const anonymous = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return {
    when,
    anonymous: Number(anonymous?.[1]) * 1024,
    heap: process.memoryUsage().heapUsed,
    file: statSync(file).size,
  };
}

/** Functions of their own, so that the questions are garbage when memory is measured. */
async function fill(policy: GreylistPolicy, triples: number): Promise<void> {
  const batch = 10_000;
  for (let from = 0; from < triples; from += batch) {
    const questions = Array.from({ length: Math.min(batch, triples - from) }, (_, i) => question(from + i));
    await ask(policy, questions, 1000);
  }
}

async function runWindow(
  policy: GreylistPolicy,
  pick: (i: number) => number,
  { decisions, atOnce }: Pick<GreylistSettings, 'decisions' | 'atOnce'>,
): Promise<Omit<GreylistResult, 'name'>> {
  const questions = Array.from({ length: decisions }, (_, i) => question(pick(i)));
  globalThis.gc?.();
  return measured(() => ask(policy, questions, atOnce), decisions);
}

const middle = (results: readonly Omit<GreylistResult, 'name'>[]): Omit<GreylistResult, 'name'> =>
  results.toSorted((a, b) => a.cpu - b.cpu)[Math.floor(results.length / 2)] ?? { cpu: NaN, busy: NaN, rate: NaN };

const calls = {
  async measure({ triples, decisions, atOnce, disk }: GreylistSettings) {
    const path = mkdtempSync(join(disk ?? tmpdir(), 'mailverb-bench-'));
    const time = new Time();
    const store = new LmdbStore({ path, maxEntries: 2 * triples }, time);
    const options = greylistOptions.parse({ passAfter: '5m', retryAfter: '1m', retryWithin: '1000d' });
    const policy = new GreylistPolicy(options, store, time, QUIET);
    const file = join(path, 'store.lmdb');
    try {
      store.start();
      const memories = [memory('empty', file)];
      await fill(policy, triples);
      memories.push(memory(`${triples.toLocaleString('en')} triples`, file));

      const results: GreylistResult[] = [];
      let fresh = triples;
      const kinds: readonly { readonly name: string; readonly passed: number; readonly pick: (i: number) => number }[] =
        [
          { name: 'new: a transaction', passed: 0, pick: () => fresh++ },
          { name: 'waiting: a look', passed: 2 * MINUTE, pick: (i) => spread(i, triples) },
          { name: 'passed: a look and a transaction', passed: 10 * MINUTE, pick: (i) => spread(i, triples) },
          { name: 'known: a look', passed: 0, pick: (i) => spread(i, triples) },
        ];
      for (const { name, passed, pick } of kinds) {
        time.offset += passed;
        const windows: Omit<GreylistResult, 'name'>[] = [];
        for (let window = 0; window < WINDOWS; window++) {
          windows.push(await runWindow(policy, (i) => pick(window * decisions + i), { decisions, atOnce }));
        }
        results.push({ name, ...middle(windows) });
      }
      memories.push(memory(`after ${(kinds.length * WINDOWS * decisions).toLocaleString('en')} decisions`, file));
      return { results, memories };
    } finally {
      await policy.stop();
      await store.stop();
      rmSync(path, { recursive: true });
    }
  },
};

/** Steps of a prime: each triple once, far from the one before, as strangers come. */
function spread(i: number, triples: number): number {
  return (i * 7_368_787) % triples;
}

export type GreylistCalls = typeof calls;

answerCalls(calls, undefined);
