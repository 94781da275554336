/** What the tests of message brokers share: a server that publishes, who sends to it without end, and what must be in the broker. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client } from './client';
import { AWKWARD } from './messages';
import { trace } from './maildir';
import { peer, run, succeed } from './program';
import { LISTENERS, MailServer } from './server';

/** What a broker has of one message. */
export interface Published {
  readonly id: string;
  readonly target: string;
  readonly envelope: PublishedEnvelope;
  readonly body: Buffer;
}

/** The parts of the envelope that are looked at. */
export interface PublishedEnvelope {
  readonly version: number;
  readonly from: string | null;
  readonly to: readonly { readonly address: string }[];
  readonly size: number;
}

/** A server with a delivery, that takes mail for anybody. */
export function publishingServer(path: string, delivery: object): Promise<MailServer> {
  return MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', any: true }],
    // Who sends on while the broker is away hears many a 451, and they count.
    limits: { errors: 1_000_000, messages: 1_000_000 },
    delivery,
    listeners: LISTENERS,
  });
}

/** How long a program may take until it listens. */
const PATIENCE_MS = 120_000;

/** Resolves when somebody listens on a port of 127.0.0.1. Rejects when the program that should has ended, or does not in time. */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the broker has ended');
    if (Date.now() > end) throw new Error('the broker does not listen');
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Every awkward message, by curl. */
export async function sendAwkward(path: string, port: number): Promise<void> {
  for (const [n, { bytes }] of AWKWARD.entries()) {
    const file = join(path, `message-${n}`);
    writeFileSync(file, bytes);
    const mail = ['--mail-from', 'me@example.net', '--mail-rcpt', 'you@example.org', '--mail-rcpt', 'they@example.com'];
    await succeed(peer('curl'), ['-sS', `smtp://127.0.0.1:${port}/curl.example.net`, ...mail, '-T', file]);
  }
}

/** The awkward messages are there, octet by octet, once for each of the two domains, with the envelope that they had. */
export function expectAwkward(published: readonly Published[], target: (domain: string) => string): void {
  const text = (bytes: Buffer): string => bytes.toString('latin1');
  for (const address of ['you@example.org', 'they@example.com']) {
    const mine = published.filter(({ envelope }) => envelope.to[0]?.address === address);
    expect(mine.map(({ body }) => text(trace(body).message)).sort()).toEqual(AWKWARD.map((m) => text(m.bytes)).sort());
    for (const { envelope, body, target: where } of mine) {
      expect(envelope).toMatchObject({ version: 1, from: 'me@example.net', to: [{ address }], size: body.length });
      expect(where).toBe(target(address.slice(address.indexOf('@') + 1)));
    }
  }
  expect(published).toHaveLength(2 * AWKWARD.length);
  expect(new Set(published.map(({ id }) => id)).size).toBe(published.length);
}

/** Many messages by smtp-source. */
export async function sendMany(port: number, messages: number): Promise<void> {
  const load = ['-s', '10', '-m', `${messages}`, '-l', '2000', '-f', 'me@example.net', '-t', 'you@example.org'];
  await succeed(peer('smtp-source'), [...load, `127.0.0.1:${port}`]);
}

/** Each message of smtp-source is there once. */
export function expectMany(published: readonly Published[], messages: number): void {
  expect(published).toHaveLength(messages);
  const ids = published.map(({ body }) => /^Message-Id: (.*)\r$/im.exec(body.toString('latin1'))?.[1]);
  expect(new Set(ids).size).toBe(messages);
}

/** What the server says to a message that swaks sends. */
export async function swaks(port: number, to = 'you@example.org', more: readonly string[] = []): Promise<string> {
  const args = ['--server', '127.0.0.1', '--port', `${port}`, '--from', 'me@example.net', '--to', to];
  const { stdout } = await run(peer('swaks'), [...args, '--timeout', '60', ...more]);
  const answers = [...stdout.matchAll(/^<[-~*]{1,3} +([45]\d\d .*|250 2\.0\.0 Ok: .*)$/gm)];
  return answers[0]?.[1] ?? stdout;
}

/** Sends until that is the answer. */
export async function answered(port: number, expected: string): Promise<void> {
  let answer = '';
  for (let tries = 0; tries < 300; tries++) {
    answer = await swaks(port);
    if (answer.startsWith(`${expected} `)) return;
  }
  throw new Error(`expected ${expected}, and it was still ${answer}`);
}

/** Some who send one message after another, each with a number, and remember what was said to it. */
export class Senders {
  readonly accepted = new Set<number>();
  readonly deferred = new Set<number>();
  /** What was neither. */
  readonly strange: string[] = [];
  private number = 0;
  private over = false;
  private pause: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private readonly working: Promise<void>[];

  constructor(port: number, count: number) {
    this.working = Array.from({ length: count }, () => this.work(port));
    for (const work of this.working) work.catch((error: unknown) => this.note(-1, String(error)));
  }

  /** Waits until it is true of what was answered. */
  async until(what: () => boolean): Promise<void> {
    while (!what()) {
      if (this.strange.length > 0) throw new Error(this.strange.join('\n'));
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** They do nothing until the work is done. */
  async pauseWhile(work: () => Promise<void>): Promise<void> {
    this.pause = work();
    await this.pause;
  }

  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.working);
    if (this.strange.length > 0) throw new Error(this.strange.join('\n'));
  }

  /** All that was accepted is there, nothing is there twice, and nothing that was not sent. */
  expectNothingLost(published: readonly Published[]): void {
    const numbers = published.map(({ body }) => Number(/^X-Number: (\d+)\r$/m.exec(body.toString('latin1'))?.[1]));
    const there = new Set(numbers);
    expect([...this.accepted].filter((number) => !there.has(number))).toEqual([]);
    expect(numbers).toHaveLength(there.size);
    expect(numbers.filter((number) => !this.accepted.has(number) && !this.deferred.has(number))).toEqual([]);
  }

  private async work(port: number): Promise<void> {
    const client = await Client.greeted(port);
    const ask = async (line: string): Promise<string> => {
      client.write(`${line}\r\n`);
      const answer = await client.reply();
      if (answer === undefined) throw new Error(`no reply to ${line}`);
      return answer.text;
    };
    while (!this.over) {
      await this.pause;
      const number = this.number++;
      await client.expect(250, `MAIL FROM:<me@example.net>`);
      const recipient = await ask('RCPT TO:<you@example.org>');
      if (!recipient.startsWith('250')) {
        this.note(number, recipient);
        await client.expect(250, 'RSET');
        continue;
      }
      await client.expect(354, 'DATA');
      this.note(number, await ask(`X-Number: ${number}\r\n\r\n${'x'.repeat(70)}\r\n.`));
    }
    await client.expect(221, 'QUIT');
  }

  private note(number: number, answer: string): void {
    if (answer.startsWith('250')) this.accepted.add(number);
    else if (answer.startsWith('451 4.4.')) this.deferred.add(number);
    else this.strange.push(answer);
    this.wake();
  }
}
