/** What a large message through the live proxy makes the process grow by: a promise of the project. Linux: read from `/proc`. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { folder } from './folder';
import { blocksOf, MIB, sendLarge } from './large';
import { stored, trace } from './maildir';
import { growth } from './resident-memory';
import { LISTENERS, MailServer } from './server';
import { Sink } from './smtp-sink';

/** A server behind: its port, and the digests of the messages of a size or more that it has. */
interface Behind {
  readonly port: number;
  digests(from: number): readonly string[];
  /** What it does while the message is on its way. */
  meanwhile(): Promise<void>;
  stop(): Promise<unknown>;
}

const limits = { messageSize: '64MiB' };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const SERVERS = {
  /** A message in counted chunks. */
  BDAT: async (): Promise<Behind> => {
    const path = folder();
    const server = await MailServer.start(path, {
      policies: [{ use: 'recipients', domains: ['example.org'] }],
      delivery: { use: 'maildir', path: './mail', fsync: false },
      limits,
      listeners: LISTENERS,
    });
    const digests = (from: number) => {
      const large = stored(join(path, 'mail')).filter(({ length }) => length >= from);
      return large.map((bytes) => sha256(trace(trace(bytes).message).message));
    };
    return { port: server.port, digests, meanwhile: async () => undefined, stop: () => server.stop() };
  },
  /** It knows no CHUNKING: every dot has to be looked for. */
  DATA: () => dataServer(async () => undefined),
  /** Then the client has to wait, too. */
  'DATA, to a server that stops reading for a while': () =>
    dataServer(async (sink) => {
      for (let n = 0; n < 4; n++) {
        await wait(50);
        await sink.standStill(500);
      }
    }),
};

async function dataServer(meanwhile: (sink: Sink) => Promise<void>): Promise<Behind> {
  const sink = await Sink.start(folder());
  const digests = (from: number) => {
    const large = [...sink.messages()].filter(({ length }) => length >= from);
    return large.map((text) => {
      const message = text.slice(text.indexOf('Subject: large\n')).replace(/\n$/, '');
      return sha256(Buffer.from(message.replaceAll('\n', '\r\n'), 'latin1'));
    });
  };
  return { port: sink.port, digests, meanwhile: () => meanwhile(sink), stop: () => sink.kill() };
}

it.each(Object.keys(SERVERS) as (keyof typeof SERVERS)[])(
  'a message of 50 MiB goes on by %s: less than 16 MiB',
  async (how) => {
    const behind = await SERVERS[how]();
    const server = await MailServer.start(folder(), {
      logger: { use: 'pino', level: 'warn' },
      policies: [{ use: 'recipients', domains: ['example.org'] }],
      delivery: { use: 'proxy', host: '127.0.0.1', port: behind.port },
      limits,
      listeners: LISTENERS,
    });
    // It has been at work: its code is compiled, and V8's young generation has the size that it keeps.
    await Promise.all(Array.from({ length: 20 }, () => sendLarge(server.port, 2, 5)));
    let digest = '';
    const grown = await growth(server.pid, async () => {
      [digest] = await Promise.all([sendLarge(server.port, blocksOf(50 * MIB)), behind.meanwhile()]);
    });
    expect(behind.digests(40 * MIB)).toEqual([digest]);
    expect(grown).toBeLessThan(16 * MIB);
    expect(await server.stop()).toBe(0);
    await behind.stop();
  },
);
