/**
 * Twenty thousand numbered messages through the server to smtp-sink, which is killed and started again all the while. Every message that was answered 250
 * is there; what was answered 4xx is sent again, as a mail server would; and a message is there twice only where the log says that nobody could know.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from './client';
import { folder } from './folder';
import { LISTENERS, MailServer } from './server';
import { Sink } from './smtp-sink';

const MESSAGES = 20_000;
const SESSIONS = 20;
/** Killed whenever so many more have been answered 250: by what was done, and not by time. */
const KILL_EVERY = 2000;
const KILLS = MESSAGES / KILL_EVERY - 1;
/** How long it is down: some of the clients see it refuse connections. */
const DOWN_MS = 150;
/** How long a client waits after a 4xx. */
const RETRY_MS = 100;

/** The transactions of ours that are there, by the number of the message. */
function transactions(sink: Sink): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const text of sink.messages()) {
    const number = /^X-Number: (\d+)$/m.exec(text)?.[1];
    // Killed while it wrote, and so before it said anything.
    if (number === undefined || !text.includes('\nthe end\n')) continue;
    const [, transaction = ''] = /\sby mx\.example\.org with ESMTP id (\S+)/.exec(text) ?? [];
    const copies = found.get(Number(number)) ?? [];
    copies.push(transaction);
    found.set(Number(number), copies);
  }
  return found;
}

/** What there is to send, and what was said of it. */
class Work {
  private readonly waiting: number[] = Array.from({ length: MESSAGES }, (_, n) => MESSAGES - 1 - n);
  readonly answered = new Set<number>();
  deferred = 0;
  private milestones: { readonly at: number; readonly reached: () => void }[] = [];

  take(): number | undefined {
    return this.waiting.pop();
  }

  accepted(n: number): void {
    this.answered.add(n);
    while (this.milestones[0] !== undefined && this.answered.size >= this.milestones[0].at)
      this.milestones.shift()?.reached();
  }

  later(n: number): void {
    this.deferred += 1;
    this.waiting.push(n);
  }

  /** Resolves when so many were answered 250. Milestones are asked for in their order. */
  reaches(at: number): Promise<void> {
    return new Promise((reached) => this.milestones.push({ at, reached }));
  }
}

/** One session: sends what there is until everything was answered 250. */
async function session(port: number, work: Work): Promise<void> {
  const client = await Client.greeted(port);
  while (work.answered.size < MESSAGES) {
    const n = work.take();
    if (n === undefined) {
      // Others have the rest, and may give it back.
      await wait(RETRY_MS);
      continue;
    }
    if (await send(client, n)) work.accepted(n);
    else {
      work.later(n);
      await wait(RETRY_MS);
    }
  }
  await client.expect(221, 'QUIT');
}

/** @returns true if it was taken, false for later. @throws for anything else: no server was killed but the one behind. */
async function send(client: Client, n: number): Promise<boolean> {
  client.write('MAIL FROM:<me@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\n');
  await client.expect(250);
  const recipient = await client.reply();
  const data = await client.reply();
  if (recipient?.code === 451 && data?.code === 503) {
    await client.expect(250, 'RSET');
    return false;
  }
  if (recipient?.code !== 250 || data?.code !== 354) throw new Error(`message ${n}: ${recipient?.text} ${data?.text}`);
  client.write(`X-Number: ${n}\r\nSubject: load\r\n\r\n${'x'.repeat(n % 80)}\r\nthe end\r\n.\r\n`);
  const answer = await client.reply();
  if (answer?.code !== 250 && answer?.code !== 451) throw new Error(`message ${n}: ${answer?.text}`);
  return answer.code === 250;
}

it.each(['proxy', 'relay'])('%s: none of 20,000 messages is lost while the server behind is killed', async (use) => {
  const path = folder();
  const sink = await Sink.start(path);
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    delivery: { use, host: '127.0.0.1', port: sink.port },
    // A deferral counts as an error, and clients here do not go away and come again.
    limits: { errors: 10_000 },
    listeners: LISTENERS,
  });
  const work = new Work();
  const milestones = Array.from({ length: KILLS }, (_, n) => work.reaches((n + 1) * KILL_EVERY));
  const killer = (async () => {
    for (const milestone of milestones) {
      await milestone;
      await sink.kill();
      await wait(DOWN_MS);
      await sink.resume();
    }
  })();
  await Promise.all([killer, ...Array.from({ length: SESSIONS }, () => session(server.port, work))]);
  expect(await server.stop()).toBe(0);
  await sink.kill();

  // The transactions of which nobody can know whether the server behind has them.
  const doubts = new Set<string>();
  for (const line of server.logged().split('\n')) {
    if (!line.includes('lost after the end of a message')) continue;
    doubts.add((JSON.parse(line) as { readonly transaction: string }).transaction);
  }
  const there = transactions(sink);
  let extra = 0;
  const wrong: string[] = [];
  for (let n = 0; n < MESSAGES; n++) {
    const copies = there.get(n) ?? [];
    const sure = copies.filter((transaction) => !doubts.has(transaction));
    extra += copies.length - sure.length;
    if (sure.length !== 1) wrong.push(`message ${n} is there ${sure.length} times`);
  }
  process.stderr.write(
    `${use}: ${KILLS} kills, ${work.deferred} times 451, ${doubts.size} in doubt, of which ${extra} were there\n`,
  );
  expect(wrong).toEqual([]);
  expect(there.size).toBe(MESSAGES);
  // It was killed under load, or nothing is shown.
  expect(work.deferred).toBeGreaterThan(KILLS);
});
