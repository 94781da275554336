/** The whole assembly on a clock that stands still, before a mail server of the test's own. Clients come by memory, so that they may have any address. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginUse } from '@mailverb/contract';
import {
  scriptedPeer,
  testServer,
  type ClientReply,
  type ScriptedPeer,
  type TestClient,
  type TestServer,
} from '@mailverb/testing';
import { checkConfiguration } from './configuration.js';
import { greylistPlan } from './greylist-plan.js';

const SECOND = 1000;
/** The ancestor's times. */
export const TIMES = { tooSoon: 180 * SECOND, wait: 3600 * SECOND, late: 25_000 * SECOND, life: 3_000_000 * SECOND };

/** Addresses that nobody has listed, each in a network of its own. */
export const STRANGER = '198.51.100.7';
export const OTHER = '203.0.113.9';

/** One message, or what is known of it so far. */
export interface Mail {
  readonly from?: string;
  readonly helo?: string;
  readonly sender?: string;
  readonly recipients?: readonly string[];
}

/** Code and words. */
export const textOf = ({ code, lines }: ClientReply): string => `${code} ${lines.join(' ')}`;

const open: (() => unknown)[] = [];

/** Ends all that was started, newest first. */
export async function endAll(): Promise<void> {
  for (const end of open.splice(0).toReversed()) await end();
}

/** A folder for one test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mailverb-greylist-'));
  open.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A mail server behind. */
export async function upstream(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  return peer;
}

/** What a test may change of the assembly. */
export interface Changes {
  /** In the place of the store. */
  readonly store?: PluginUse;
}

/** The proxy of a test. */
export class Proxy {
  private constructor(
    readonly server: TestServer,
    readonly peer: ScriptedPeer,
    readonly folder: string,
  ) {}

  /** @param written more than what there must be, as in a configuration file. */
  static async start(
    written: object = {},
    peer?: ScriptedPeer,
    path: string = folder(),
    { store }: Changes = {},
  ): Promise<Proxy> {
    const behind = peer ?? (await upstream());
    const plan = greylistPlan(
      checkConfiguration({
        serverName: 'mx.example.org',
        upstream: { host: behind.host, port: behind.port },
        allowedDomains: ['example.org'],
        log: join(path, 'greylist.log'),
        debugLog: join(path, 'debug.log'),
        store: join(path, 'store'),
        ...written,
      }),
    );
    const [listener] = plan.listeners;
    if (listener === undefined) throw new Error('there is no listener');
    const { plugins, delivery, limits, timeouts, minimumDurability } = listener;
    // The clock and the log are the test's.
    const kept = (plan.plugins ?? []).filter(({ plugin }) => plugin.name !== 'logging-pino');
    const shared = kept.map((one) => (store !== undefined && one.plugin.name === 'store-lmdb' ? store : one));
    const { hostname } = plan;
    const server = await testServer({ hostname, shared, plugins, delivery, limits, timeouts, minimumDurability });
    const proxy = new Proxy(server, behind, path);
    open.push(() => proxy.stop());
    return proxy;
  }

  private stopping: Promise<void> | undefined;
  stop(): Promise<void> {
    return (this.stopping ??= this.server.stop());
  }

  /** A client that has been greeted. */
  async client(remoteAddress = STRANGER): Promise<TestClient> {
    const client = this.server.client({ remoteAddress });
    await client.reply();
    return client;
  }

  /** What somebody hears of each recipient, who then goes. */
  async asks({
    from,
    helo = 'client.example.net',
    sender = 'ann@example.net',
    recipients = ['bob@example.org'],
  }: Mail) {
    const client = await this.client(from);
    await client.commands(`EHLO ${helo}`, `MAIL FROM:<${sender}>`);
    const heard: string[] = [];
    for (const recipient of recipients) heard.push(textOf(await client.command(`RCPT TO:<${recipient}>`)));
    await client.command('QUIT');
    return heard;
  }

  /** The codes of {@link asks}. */
  async codes(mail: Mail = {}): Promise<string> {
    return (await this.asks(mail)).map((text) => text.slice(0, 3)).join(' ');
  }

  /** Sends a message from somebody who does not wait; what is heard of it at its end. */
  async sends(
    text: string,
    { from = '127.0.0.1', sender = 'ann@example.net', recipients = ['bob@example.org'] }: Mail = {},
  ) {
    const client = await this.client(from);
    await client.commands('EHLO client.example.net', `MAIL FROM:<${sender}>`);
    for (const recipient of recipients) await client.command(`RCPT TO:<${recipient}>`);
    await client.command('DATA');
    client.write(text);
    const heard = textOf(await client.command('.'));
    await client.command('QUIT');
    return heard;
  }

  passes(ms: number): Promise<void> {
    return this.server.clock.advance(ms);
  }

  /** The lines of a file that the server has written; all of them once it has stopped. */
  lines(file: 'greylist.log' | 'debug.log'): readonly string[] {
    return readFileSync(join(this.folder, file), 'utf8').split('\n').filter(Boolean);
  }
}
