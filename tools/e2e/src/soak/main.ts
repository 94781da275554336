/** Clients of all kinds for a while, reloads among them; what the process holds when all is quiet is compared before and after. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { removeFolders } from '../folder';
import { freePort } from '../free-port';
import { stored } from '../maildir';
import { endProcesses, kill } from '../program';
import { securePlace, usersIn, type SecurePlace } from '../secure-place';
import { GOOD, Ledger } from './clients';
import { HOSTILE } from './hostile';

const MIB = 1024 * 1024;
/** What may grow without being a leak: V8 takes memory early and gives it back late. */
const GROWTH = { memory: 64 * MIB, descriptors: 5 };

/** The delay of the event loop that 99 of 100 turns keep below: a password that is checked on it, or a slow parser, takes longer. */
const DELAY_S = 0.5;

interface Held {
  /** By the 99th percentile since the last look. */
  readonly delay: number;
  readonly memory: number;
  readonly descriptors: number;
  readonly sessions: number;
}

/** What the process holds, once it has no session any more (20 s at most). */
async function held(at: SecurePlace, health: number): Promise<Held> {
  const { pid } = at.server;
  let sessions = NaN;
  let delay = NaN;
  for (let i = 0; i < 200 && sessions !== 0; i++) {
    const text = await (await fetch(`http://127.0.0.1:${health}/metrics`, { headers: { connection: 'close' } })).text();
    sessions = [...text.matchAll(/^mailverb_sessions_open\{.*\} (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
    // The first look is the one over the time of the load.
    if (i === 0) delay = Number(/^nodejs_eventloop_lag_p99_seconds(?:\{.*\})? (\S+)/m.exec(text)?.[1]);
    if (sessions !== 0) await wait(100);
  }
  const memory = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  return { delay, memory, descriptors: readdirSync(`/proc/${pid}/fd`).length, sessions };
}

async function load(at: SecurePlace, ledger: Ledger, clients: number, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  // One good, one bad, in turn.
  let turn = 0;
  const one = async (): Promise<void> => {
    while (Date.now() < end) {
      const kinds = turn % 2 === 0 ? GOOD : HOSTILE;
      const kind = kinds[(turn++ >> 1) % kinds.length];
      await kind?.(at, ledger);
      ledger.sessions++;
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
}

/** What is not there, there twice, or there and was never accepted. */
function misdelivered({ maildir }: SecurePlace, { accepted }: Ledger): readonly string[] {
  const wrong: string[] = [];
  const found = new Map<number, number>();
  for (const file of stored(maildir)) {
    const number = Number(/^X-Soak: (\d+);\r?$/m.exec(file.toString('latin1'))?.[1]);
    found.set(number, (found.get(number) ?? 0) + 1);
  }
  for (const [number, times] of found) {
    if (!accepted.has(number)) wrong.push(`message ${number} is there, and nobody was told 250`);
    else if (times !== 1) wrong.push(`message ${number} is there ${times} times`);
  }
  for (const number of accepted)
    if (!found.has(number)) wrong.push(`message ${number} was answered 250 and is not there`);
  return wrong.slice(0, 10);
}

/** Runs it all; what is wrong, in words. */
export async function soak(seconds: number, clients: number, say: (line: string) => void): Promise<readonly string[]> {
  // A reload gives port 0 another port.
  const [health, starttls, implicit] = [await freePort(), await freePort(), await freePort()];
  const at = await securePlace(
    {
      observers: ['metrics'],
      health: { port: health },
      limits: { connectionsPerAddress: 1000 },
    },
    async (path) => ({ auth: [{ use: 'static', file: await usersIn(path) }] }),
    { starttls, implicit },
  );
  const ledger = new Ledger();
  const wrong: string[] = [];
  // The first third warms up.
  await load(at, ledger, clients, seconds / 3);
  const before = await held(at, health);
  for (let part = 0; part < 2; part++) {
    kill(at.server.child, 'SIGHUP');
    await load(at, ledger, clients, seconds / 3);
  }
  const after = await held(at, health);
  say(
    `${ledger.sessions} sessions, ${ledger.accepted.size} messages; resident ${Math.round(before.memory / MIB)} MiB and then ` +
      `${Math.round(after.memory / MIB)} MiB; descriptors ${before.descriptors} and then ${after.descriptors}; event loop delayed by ${(after.delay * 1000).toFixed(0)} ms (p99)`,
  );
  if (after.sessions !== 0) wrong.push(`${after.sessions} sessions are still open`);
  // Not a number is wrong too.
  if (!(after.delay < DELAY_S)) wrong.push(`the event loop was delayed by ${after.delay} s`);
  if (after.memory - before.memory > GROWTH.memory) wrong.push('memory has grown');
  if (after.descriptors - before.descriptors > GROWTH.descriptors) wrong.push('descriptors have grown');
  const end = await at.server.stop();
  if (end !== 0) wrong.push(`the server ended with ${end}`);
  wrong.push(...misdelivered(at, ledger));
  const errors = at.server.logged().match(/"level":"(?:error|fatal)"/g)?.length ?? 0;
  if (errors > 0) wrong.push(`${errors} errors were logged`);
  return wrong;
}

/** The command line. Exit code 1 if something is wrong. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, clients: { type: 'string', default: '20' } },
  });
  try {
    const wrong = await soak(Number(values.seconds), Number(values.clients), (line) =>
      process.stdout.write(`${line}\n`),
    );
    for (const line of wrong) process.stdout.write(`wrong: ${line}\n`);
    process.stdout.write(wrong.length === 0 ? 'soak: ok\n' : 'soak: FAILED\n');
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await endProcesses();
    removeFolders();
  }
}
