/**
 * Messages delivered a second: from the first connection of `smtp-source` until the last message has reached `smtp-sink`, through our relay and through a
 * Postfix that relays (smtpd, its queue, smtp). Postfix answers before it delivers, and we after.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PrivatePostfix } from '../maildir/postfix.js';
import { median } from '../measure/stats.js';
import { Remote } from '../process/remote.js';
import type { Listening, ServerCalls } from '../servers/host.js';
import { freePort } from './foreign.js';

export interface DeliveredResult {
  readonly postfix: readonly number[];
  readonly relay: readonly number[];
  /** Median of relay by Postfix in the same round. */
  readonly ratio: number;
  readonly messages: number;
}

const PATIENCE_MS = 120_000;

/** smtp-sink, with the count that it prints. */
class Sink {
  count = 0;

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => {
      const found = [...chunk.toString('latin1').matchAll(/mesg=(\d+)/g)].at(-1);
      if (found !== undefined) this.count = Number(found[1]);
    });
  }

  static async start(): Promise<Sink> {
    const port = await freePort();
    const child = spawn('smtp-sink', ['-c', '-u', 'nobody', `127.0.0.1:${port}`, '1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const sink = new Sink(port, child);
    await wait(300);
    return sink;
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

export async function compareDelivered(messages: number, rounds: number): Promise<DeliveredResult> {
  const folder = mkdtempSync(join(tmpdir(), 'mailverb-bench-relay-'));
  chmodSync(folder, 0o755);
  const sink = await Sink.start();
  const relay = await Remote.start<ServerCalls, Listening>(new URL('../servers/relay.js', import.meta.url), [
    String(sink.port),
  ]);
  const postfix = await PrivatePostfix.start(folder, sink.port);
  const rates = { postfix: [] as number[], relay: [] as number[] };
  try {
    for (let round = 0; round <= rounds; round++) {
      const both = {
        postfix: await send(postfix.port, sink, messages),
        relay: await send((await relay.ready).port, sink, messages),
      };
      // The first is for warming up.
      if (round === 0) continue;
      rates.postfix.push(both.postfix);
      rates.relay.push(both.relay);
    }
  } finally {
    await postfix.stop();
    await relay.end();
    await sink.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...rates, ratio: median(rates.relay.map((rate, i) => rate / (rates.postfix[i] ?? NaN))), messages };
}

async function send(port: number, sink: Sink, messages: number): Promise<number> {
  const wanted = sink.count + messages;
  const start = performance.now();
  const source = spawn(
    'smtp-source',
    [
      '-s',
      '20',
      '-m',
      String(messages),
      '-l',
      '4096',
      '-f',
      'a@client.example',
      '-t',
      'b@example.org',
      `127.0.0.1:${port}`,
    ],
    {
      stdio: 'ignore',
    },
  );
  const [code] = (await once(source, 'exit')) as [number];
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  while (sink.count < wanted) {
    if (performance.now() - start > PATIENCE_MS)
      throw new Error(`only ${messages - (wanted - sink.count)} of ${messages} messages were delivered`);
    await wait(5);
  }
  return messages / ((performance.now() - start) / 1000);
}

/** True if smtp-source and smtp-sink are installed, and we may start a Postfix. */
export function canCompareDelivered(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v smtp-source && command -v smtp-sink && command -v postfix'], {
      stdio: 'ignore',
    });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
