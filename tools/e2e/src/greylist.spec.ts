/** Greylisting by configuration alone, on lmdb: swaks hears 451 and then 250, in one process and in several; and the command line beside them. */
import { join } from 'node:path';
import { folder } from './folder';
import { counts, greylist, rcpt, rcptUntil } from './greylist-client';
import { stored } from './maildir';
import { peer, run } from './program';
import { LISTENERS, MailServer } from './server';

/** How long it waits: long enough that a busy machine asks once before it is over. */
const WAIT_MS = 3000;

const configuration = (path: string, more: object = {}) => ({
  hostname: 'mx.example.org',
  logger: { use: 'pino', level: 'info' },
  store: { use: 'lmdb', path: join(path, 'store') },
  policies: [
    { use: 'recipients', domains: ['example.org'] },
    { use: 'greylist', domains: ['example.org'], retryAfter: 0, passAfter: `${WAIT_MS}ms`, retryWithin: '1h' },
  ],
  delivery: { use: 'maildir', path: './mail' },
  listeners: LISTENERS,
  ...more,
});

describe.each([1, 2])('with %d process(es)', (processes) => {
  it('swaks is asked to come again, and its message is taken when it does', async () => {
    const path = folder();
    const server = await MailServer.start(path, configuration(path, { processes }));
    const swaks = () =>
      run(peer('swaks'), [
        `--server=127.0.0.1:${server.port}`,
        '--helo=client.example.net',
        '--from=ann@example.net',
        '--to=user@example.org',
        '--body=hello',
      ]);
    const first = await swaks();
    expect(first.code).not.toBe(0);
    expect(first.stdout).toContain('<** 451 4.7.1 greylisted, try again later');
    expect(stored(join(path, 'mail'))).toEqual([]);
    const waited = await rcptUntil(250, () => rcpt(server.port));
    // It was not asked for less than that, and hears yes in whichever process.
    expect(waited).toBeGreaterThan(WAIT_MS / 3);
    const second = await swaks();
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('<-  250 2.0.0')]);
    expect(stored(join(path, 'mail'))).toHaveLength(1);
    // Another recipient of the same message is judged alone (defect K7), and who is not ours is refused for good.
    expect(await rcpt(server.port, { to: 'other@example.org' })).toMatch(/^451 /);
    expect(await rcpt(server.port, { to: 'user@far.example' })).toMatch(/^550 /);
    expect(await server.stop()).toBe(0);
  });

  it('a triple is new once, however many ask at once', async () => {
    const path = folder();
    const server = await MailServer.start(path, configuration(path, { processes }));
    const heard = await Promise.all(Array.from({ length: 40 }, () => rcpt(server.port)));
    expect(new Set(heard)).toEqual(new Set(['451 4.7.1 greylisted, try again later']));
    expect(await server.stop()).toBe(0);
    expect(await counts(path)).toMatchObject({ new: 1, waiting: 39, passed: 0, known: 0 });
  });
});

it('two servers on one file know the same, and so does one that was started anew', async () => {
  const [path, other] = [folder(), folder()];
  const [one, two] = [
    await MailServer.start(path, configuration(path)),
    await MailServer.start(other, configuration(path)),
  ];
  const heard = await Promise.all(Array.from({ length: 40 }, (_, i) => rcpt((i % 2 ? one : two).port)));
  expect(heard.every((reply) => reply.startsWith('451 '))).toBe(true);
  await rcptUntil(250, () => rcpt(two.port));
  expect(await rcpt(one.port)).toMatch(/^250 /);
  expect(await one.stop('SIGKILL')).toBe('SIGKILL');
  const again = await MailServer.start(path, configuration(path));
  expect(await rcpt(again.port)).toMatch(/^250 /);
  await Promise.all([again.stop(), two.stop()]);
});

it('the command line shows and releases what waits, while the server runs', async () => {
  const path = folder();
  const policies = [
    { use: 'recipients', domains: ['example.org'] },
    { use: 'greylist', allow: { senders: ['friend.example'] } },
  ];
  const server = await MailServer.start(path, configuration(path, { policies, processes: 2 }));
  expect(await rcpt(server.port)).toMatch(/^451 /);
  expect(await rcpt(server.port, { from: '' })).toMatch(/^451 /);
  expect(await rcpt(server.port, { from: 'bob@friend.example' })).toMatch(/^250 /);
  const listed = await greylist(path, 'list', '--waiting');
  expect(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t').slice(0, 4)),
  ).toEqual(
    expect.arrayContaining([
      ['waiting', '127.0.0.0/24', 'ann@example.net', 'user@example.org'],
      ['waiting', '127.0.0.0/24', '<>', 'user@example.org'],
    ]),
  );
  expect((await greylist(path, 'release', '--sender', 'ann@example.net')).stdout).toBe('released: 1\n');
  expect(await rcpt(server.port)).toMatch(/^250 /);
  expect(await rcpt(server.port, { from: '' })).toMatch(/^451 /);
  expect((await greylist(path, 'forget', '--client', '127.0.0.1')).stdout).toBe('forgotten: 2\n');
  expect(await rcpt(server.port)).toMatch(/^451 /);
  expect((await greylist(path, 'allow', '127.0.0.9', 'ann@example.net', 'new@example.org')).code).toBe(0);
  expect(await rcpt(server.port, { to: 'new@example.org' })).toMatch(/^250 /);
  expect(await server.stop()).toBe(0);
  expect(await counts(path)).toMatchObject({ new: 3, early: 1, known: 2, allowed: 1 });
});

it('the command line says that memory is within the server', async () => {
  const path = folder();
  const server = await MailServer.start(path, configuration(path, { store: 'memory' }));
  expect(await rcpt(server.port)).toMatch(/^451 /);
  const { code, stderr } = await greylist(path, 'stats');
  expect([code, stderr]).toEqual([78, expect.stringContaining('memory is within the server')]);
  await server.stop();
});
