/**
 * What clients can make the server grow by: resident memory of its process, the peak while it lasts (the kernel's own high-water mark,
 * set back before) against what was resident before. The bounds are promises of the project; nothing here is about time.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { blocksOf, MIB, pour, sendLarge } from './large';
import { names, trace } from './maildir';
import { growth } from './resident-memory';
import { LISTENERS, MailServer } from './server';

interface Place {
  readonly server: MailServer;
  readonly maildir: string;
}

/** A server that has been at work, with mail and with commands: its code is compiled, and V8's young generation has the size that it keeps. */
async function warm(): Promise<Place> {
  const path = folder();
  const server = await MailServer.start(path, {
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    delivery: { use: 'maildir', path: './mail', fsync: false },
    limits: { messageSize: '64MiB', commandsBeforeTransaction: 100_000_000, errors: 100_000_000 },
    listeners: LISTENERS,
  });
  await Promise.all(Array.from({ length: 20 }, () => sendLarge(server.port, 2, 5)));
  const client = await Client.greeted(server.port);
  for (let group = 0; group < 100; group++) {
    client.write('NOOP\r\n'.repeat(1000));
    for (let n = 0; n < 1000; n++) await client.expect(250);
  }
  await client.expect(221, 'QUIT');
  return { server, maildir: join(path, 'mail') };
}

function newest(maildir: string, but: readonly string[]): readonly string[] {
  return names(maildir)
    .filter((name) => !but.includes(name))
    .map((name) => trace(readFileSync(join(maildir, 'new', name))).message)
    .map((message) => createHash('sha256').update(message).digest('hex'));
}

it.each([
  ['a message of 50 MiB', 1, 50 * MIB],
  ['20 messages of 25 MiB at once', 20, 25 * MIB],
])('%s: less than 64 MiB', async (_what, clients, octets) => {
  const at = await warm();
  const before = names(at.maildir);
  let digests: readonly string[] = [];
  const grown = await growth(at.server.pid, async () => {
    const sent = Array.from({ length: clients }, () => sendLarge(at.server.port, blocksOf(octets)));
    digests = await Promise.all(sent);
  });
  expect(newest(at.maildir, before)).toEqual(digests);
  expect(grown).toBeLessThan(64 * MIB);
  expect(await at.server.stop()).toBe(0);
});

it.each([
  ['a million NOOPs, and no reply read', 'NOOP\r\n', 6_000_000],
  ['a command line that does not end', 'A', 64 * MIB],
])('%s: less than 8 MiB', async (_what, unit, octets) => {
  const at = await warm();
  const grown = await growth(at.server.pid, () => flood(at.server.port, unit, octets));
  expect(grown).toBeLessThan(8 * MIB);
  // It still serves others.
  await sendLarge(at.server.port, 1);
  expect(await at.server.stop()).toBe(0);
});

/** How long a server may take nothing before it counts as one that has stopped reading. */
const STOPPED_AFTER_MS = 3000;

/** Sends without reading, until all is sent, or the server stops reading, or closes. */
async function flood(port: number, unit: string, octets: number): Promise<void> {
  const client = await Client.greeted(port);
  client.socket.pause();
  const chunk = Buffer.from(unit.repeat(Math.ceil((64 * 1024) / unit.length)));
  let left = octets;
  const all = (async () => {
    try {
      while (left > 0) {
        const piece = chunk.subarray(0, left);
        await pour(client, piece);
        left -= piece.length;
      }
    } catch {
      // Closed: an answer too.
    }
  })();
  for (let seen = -1; seen !== left;) {
    seen = left;
    await Promise.race([all, wait(STOPPED_AFTER_MS)]);
    // All is sent, perhaps not all is seen: as long again.
    if (left <= 0) await wait(STOPPED_AFTER_MS);
  }
  client.socket.destroy();
  await all;
}
