/** The store redis against Debian's redis-server: the contract, TLS, servers that share what they know, and a Redis that is killed, or silent. */
import type { Logger } from '@mailverb/contract';

import { RedisStore, redisOptions } from '@mailverb/store-redis';
import { FakeClock, describeStore } from '@mailverb/testing';
import { folder } from './folder';
import { freePort } from './free-port';
import { counts, greylist, rcpt, rcptUntil } from './greylist-client';
import { PASSWORD, RedisServer } from './redis-server';
import { certificateIn } from './secure-place';
import { LISTENERS, MailServer } from './server';

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

const password = PASSWORD;
const make = (options: object, clock = new FakeClock()): RedisStore =>
  new RedisStore(redisOptions.parse({ password, ...options }), clock, QUIET);

describeStore('redis, on a port', async (clock) => {
  const { port } = await RedisServer.start(folder());
  return new RedisStore(redisOptions.parse({ password, port, database: 3 }), clock, QUIET);
});

describe('the store redis', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const increment = (value: Uint8Array | undefined) => ({
    value: bytes(String(Number(Buffer.from(value ?? []).toString()) + 1)),
    ttlMs: 60_000,
  });

  it('loses no update of several, over a port and a unix socket', async () => {
    const redis = await RedisServer.start(folder());
    const stores = [make({ port: redis.port }), make({ path: redis.socket }), make({ port: redis.port })];
    for (const store of stores) await store.start();
    await Promise.all(Array.from({ length: 600 }, (_, i) => stores[i % 3]?.update('count', increment)));
    expect(Buffer.from((await stores[0]?.get('count')) ?? []).toString()).toBe('600');
    for (const store of stores) store.stop();
  });

  it('keeps to its database and its prefix', async () => {
    const { port } = await RedisServer.start(folder());
    const stores = [make({ port }), make({ port, database: 1 }), make({ port, prefix: 'mail*:' })];
    for (const [i, store] of stores.entries()) {
      await store.start();
      await store.set('a', Uint8Array.of(i), 60_000);
    }
    for (const [i, store] of stores.entries()) {
      const listed: Uint8Array[] = [];
      for await (const value of store.values()) listed.push(value);
      expect([await store.get('a'), listed]).toEqual([Uint8Array.of(i), [Uint8Array.of(i)]]);
      store.stop();
    }
  });

  it('speaks TLS, to whom it should only', async () => {
    const path = folder();
    const tlsPort = await freePort();
    const { cert, key } = await certificateIn(path, 'redis', { names: ['127.0.0.1', 'redis.example.org'] });
    const other = await certificateIn(path, 'other', { names: ['127.0.0.1'] });
    await RedisServer.start(path, [
      `tls-port ${tlsPort}`,
      `tls-cert-file ${cert}`,
      `tls-key-file ${key}`,
      'tls-auth-clients no',
    ]);
    const good = make({ port: tlsPort, tls: { ca: cert } });
    await good.start();
    await good.set('a', Uint8Array.of(1), 60_000);
    expect(await good.get('a')).toEqual(Uint8Array.of(1));
    good.stop();
    for (const tls of [true, { ca: other.cert }, { ca: cert, serverName: 'another.example.org' }]) {
      const store = make({ port: tlsPort, tls });
      await store.start();
      await expect(store.get('a')).rejects.toThrow(/^redis: /);
      store.stop();
    }
  });

  it('does nothing with a wrong password', async () => {
    const { port } = await RedisServer.start(folder());
    for (const options of [{ password: 'wrong' }, { password: undefined }]) {
      const store = make({ port, ...options });
      await store.start();
      await expect(store.get('a')).rejects.toThrow(/^redis: /);
      store.stop();
    }
  });
});

const WAIT_MS = 3000;
const configuration = (port: number, more: object = {}) => ({
  hostname: 'mx.example.org',
  logger: { use: 'pino', level: 'info' },
  store: { use: 'redis', port, password, timeout: '1s' },
  policies: [
    { use: 'recipients', domains: ['example.org'] },
    { use: 'greylist', retryAfter: 0, passAfter: `${WAIT_MS}ms`, retryWithin: '1h' },
  ],
  delivery: 'discard',
  listeners: LISTENERS,
  ...more,
});

it('servers share what they know, and the command line sees it', async () => {
  const [path, other] = [folder(), folder()];
  const redis = await RedisServer.start(path);
  const [one, two] = [
    await MailServer.start(path, configuration(redis.port, { processes: 2 })),
    await MailServer.start(other, configuration(redis.port)),
  ];
  const heard = await Promise.all(Array.from({ length: 40 }, (_, i) => rcpt((i % 2 ? one : two).port)));
  expect(new Set(heard)).toEqual(new Set(['451 4.7.1 greylisted, try again later']));
  await rcptUntil(250, () => rcpt(two.port));
  expect(await rcpt(one.port)).toMatch(/^250 /);
  expect(await rcpt(one.port, { from: 'bob@example.net' })).toMatch(/^451 /);
  expect((await greylist(path, 'release', '--sender', 'bob@example.net')).stdout).toBe('released: 1\n');
  expect(await rcpt(two.port, { from: 'bob@example.net' })).toMatch(/^250 /);
  expect((await greylist(other, 'list', '--passed')).stdout.trim().split('\n')).toHaveLength(2);
  await Promise.all([one.stop(), two.stop()]);
  expect(await counts(path)).toMatchObject({ new: 2, passed: 1 });
});

it('defers while Redis is killed, and is right again when it is back', async () => {
  const path = folder();
  const redis = await RedisServer.start(path);
  const server = await MailServer.start(path, configuration(redis.port));
  await rcptUntil(250, () => rcpt(server.port));
  await redis.kill();
  const start = Date.now();
  for (let i = 0; i < 5; i++) {
    // Also whom it knows: nobody passes who can't be looked up (defect K5, attack A26).
    expect(await rcpt(server.port)).toMatch(/^451 4\.3\.0 /);
    expect(await rcpt(server.port, { from: 'bob@example.net' })).toMatch(/^451 4\.3\.0 /);
  }
  // At once, and not after a timeout each.
  expect(Date.now() - start).toBeLessThan(5000);
  await redis.run();
  await rcptUntil(250, () => rcpt(server.port));
  expect(await rcpt(server.port, { from: 'bob@example.net' })).toMatch(/^451 4\.7\.1 greylisted/);

  // It is there, and does not answer: given up after a second each, and then again right.
  redis.signal('SIGSTOP');
  expect(await rcpt(server.port)).toMatch(/^451 4\.3\.0 /);
  redis.signal('SIGCONT');
  await rcptUntil(250, () => rcpt(server.port));
  expect(await server.stop()).toBe(0);
  const log = server.logged() + server.said();
  expect(log).toContain('redis: not to be had');
  expect(log).toContain('redis: connected');
  expect(log).not.toContain(PASSWORD);
});

it('starts without Redis, defers, and goes on when it is there', async () => {
  const path = folder();
  const redis = await RedisServer.start(path);
  await redis.kill();
  const server = await MailServer.start(path, configuration(redis.port));
  expect(await rcpt(server.port)).toMatch(/^451 4\.3\.0 /);
  const { code, stderr } = await greylist(path, 'stats');
  expect([code, stderr]).toEqual([1, expect.stringContaining('the store: redis: ')]);
  expect(stderr).not.toContain(PASSWORD);
  await redis.run();
  await rcptUntil(250, () => rcpt(server.port));
  expect(await server.stop()).toBe(0);
});
