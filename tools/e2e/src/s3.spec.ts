/** The delivery s3 with a store of others: OpenStack Swift, which compares signatures and checksums. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { AWKWARD } from './messages';
import { peer, run } from './program';
import { MailServer } from './server';
import { Swift } from './swift';

const HEADER = 'From: <me@example.net>\r\nSubject: large\r\n\r\n';
const SHORT = AWKWARD[0]?.bytes ?? Buffer.alloc(0);
/** Three parts. */
const LARGE = Buffer.from(HEADER + `${'x'.repeat(70)}\r\n`.repeat(170_000));
const ENVELOPE = { version: 1, from: 'me@example.net', to: [{ address: 'ann@example.org' }] };

/** A store with a bucket: it takes a while to start, so servers of one test share it. */
async function storeIn(path: string): Promise<Swift> {
  const store = await Swift.start(path);
  await store.make('mail');
  return store;
}

async function place(path: string, store: Swift, options: object = {}) {
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    transforms: [],
    limits: { messageSize: '50MiB' },
    delivery: {
      use: 's3',
      bucket: 'mail',
      endpoint: store.endpoint,
      forcePathStyle: true,
      credentials: Swift.credentials,
      partSize: '5MiB',
      check: true,
      ...options,
    },
    listeners: [{ name: 'mx', port: 0 }],
  });
  return {
    server,
    messages: async () => (await store.objects('mail')).filter(({ name }) => name.endsWith('.eml')),
    /** What curl hears at the end of a message. */
    send: async (bytes: Uint8Array): Promise<string> => {
      const file = join(path, 'message');
      writeFileSync(file, bytes);
      const args = ['--mail-from', 'me@example.net', '--mail-rcpt', 'ann@example.org', '-T', file];
      const { stderr } = await run(peer('curl'), ['-sSv', `smtp://127.0.0.1:${server.port}/curl.example.net`, ...args]);
      return [...stderr.matchAll(/^< ([245]\d\d .*?)\r?$/gm)].at(-1)?.[1] ?? stderr;
    },
  };
}

const texts = (list: readonly Uint8Array[]): string[] =>
  list.map((bytes) => Buffer.from(bytes).toString('latin1')).toSorted();

it('keeps every octet, with the envelope beside it or within it', async () => {
  const path = folder();
  const store = await storeIn(path);
  const at = await place(path, store);
  const sent = [...AWKWARD.map(({ bytes }) => bytes), LARGE];
  for (const bytes of sent) expect(await at.send(bytes)).toMatch(/^250 2\.0\.0 /);
  const all = await store.objects('mail');
  expect(all).toHaveLength(2 * sent.length);
  expect(texts((await at.messages()).map(({ bytes }) => bytes))).toEqual(texts(sent));
  for (const { name, bytes, headers } of all) {
    if (!name.endsWith('.json')) continue;
    expect(headers.get('content-type')).toBe('application/json');
    const envelope = JSON.parse(bytes.toString()) as { readonly object: string; readonly size: number };
    expect(envelope).toMatchObject(ENVELOPE);
    expect(all.find((one) => one.name === envelope.object)?.bytes.length).toBe(envelope.size);
  }
  expect(await at.server.stop()).toBe(0);

  await store.make('more');
  const within = await place(path, store, { bucket: 'more', envelope: 'metadata' });
  expect(await within.send(SHORT)).toMatch(/^250 2\.0\.0 /);
  expect(await within.send(LARGE)).toMatch(/^250 2\.0\.0 /);
  expect(await within.server.stop()).toBe(0);
  // For parts this store does not know these checksums.
  const sha256 = await place(path, store, { bucket: 'more', envelope: 'metadata', checksum: 'sha256' });
  expect(await sha256.send(SHORT)).toMatch(/^250 2\.0\.0 /);
  expect(await sha256.server.stop()).toBe(0);
  const found = await store.objects('more');
  expect(texts(found.map(({ bytes }) => bytes))).toEqual(texts([SHORT, SHORT, LARGE]));
  for (const { headers } of found) {
    expect(JSON.parse(headers.get('x-object-meta-mailverb-envelope') ?? '')).toMatchObject(ENVELOPE);
  }
});

it('leaves nothing of a client that goes away in the middle of a long message', async () => {
  const path = folder();
  const store = await storeIn(path);
  const at = await place(path, store, { hold: false });
  const client = await Client.greeted(at.server.port);
  await client.data();
  client.write(LARGE.subarray(0, 11_000_000));
  // The first part is there.
  while (!(await segments(store))) await new Promise((resolve) => setImmediate(resolve));
  client.reset();
  while (await segments(store)) await new Promise((resolve) => setImmediate(resolve));
  expect(await store.list('mail')).toEqual([]);
  expect(await at.send(LARGE)).toMatch(/^250 2\.0\.0 /);
  expect((await at.messages()).map(({ bytes }) => bytes.equals(LARGE))).toEqual([true]);
  expect(await at.server.stop()).toBe(0);
});

it('defers mail where it is not let in, and says why in the log alone', async () => {
  const path = folder();
  const store = await storeIn(path);
  const wrong = { credentials: { ...Swift.credentials, secretAccessKey: 'wrong' } };
  for (const [options, name] of [
    [wrong, 'SignatureDoesNotMatch'],
    [{ bucket: 'other' }, 'NoSuchBucket'],
  ] as const) {
    const at = await place(path, store, { check: false, ...options });
    expect(await at.send(SHORT)).toBe('451 4.3.5 the message store does not take messages, try again later');
    expect(await at.send(LARGE)).toMatch(/^451 4\.3\.5 /);
    expect(at.server.logged()).toContain(name);
    expect(at.server.logged()).not.toMatch(/AWS4|wrong/);
    expect(await at.server.stop()).toBe(0);
    await expect(place(path, store, options)).rejects.toThrow('can not be used: HeadBucket: ');
  }
  expect(await store.list('mail')).toEqual([]);
});

/** True if there are parts of messages that are not complete: Swift keeps them in a container of their own. */
async function segments(store: Swift): Promise<boolean> {
  return (await store.list('mail+segments').catch(() => [])).length > 0;
}
