/** `greylist`: what it shows and changes, in the store of a server that runs beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger } from '@mailverb/contract';
import { GreylistPolicy, greylistOptions } from '@mailverb/policy-greylist';
import { LmdbStore } from '@mailverb/store-lmdb';
import { testContext, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import { FakeIo, folderWith } from '../../testing/fake-io.js';
import { EXIT } from '../io.js';
import { main } from '../main.js';

const REST = `
hostname: mx.example.org
delivery: discard
listeners: [{ name: mx, port: 0 }]
`;
const POLICIES = 'policies: [{ use: recipients, any: true }, { use: greylist, passAfter: 5m }]\n';
const LMDB = 'store: { use: lmdb, path: ./store }\n';

let folder: ReturnType<typeof folderWith>;
let policy: GreylistPolicy;
let store: LmdbStore;
const CLOCK: Clock = { now: () => Date.now(), after: () => ({ cancel: () => undefined }) };
const LOGGER: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  child: () => LOGGER,
  enabled: () => false,
};

beforeEach(() => {
  folder = folderWith({
    'lmdb.yaml': REST + POLICIES + LMDB,
    'elsewhere.yaml': `${REST}${POLICIES}store: { use: lmdb, path: ./elsewhere }\n`,
    'file.yaml': `${REST}${POLICIES}store: { use: lmdb, path: ./store.file }\n`,
    'store.file': '',
    'user.yaml': `${REST}${POLICIES}${LMDB}user: mailverb\n`,
    'memory.yaml': REST + POLICIES,
    'none.yaml': `${REST}${LMDB}policies: [{ use: recipients, any: true }]\n`,
    'wrong.yaml': `${REST}${LMDB}policies: [{ use: greylist, passAfter: 5 }]\n`,
    'blind.yaml': `${REST}${POLICIES}store: ./blind.mjs\n`,
    'blind.mjs': `const nothing = () => undefined;
      export default { name: 'store-blind', register: (contribute) =>
        contribute.store({ get: nothing, set: nothing, update: nothing, delete: nothing }) };`,
    'within.yaml': `${REST}${LMDB}policies: [{ use: recipients, any: true }, { use: unless, networks: [10.0.0.0/8], then: [greylist] }]\n`,
  });
  // Where a store's relative path begins. The server that runs is played by a policy and a store of this process.
  process.chdir(folder.path);
  store = new LmdbStore({ path: join(folder.path, 'store'), maxEntries: 1000 }, CLOCK);
  store.start();
  policy = new GreylistPolicy(greylistOptions.parse({ passAfter: '5m' }), store, CLOCK, LOGGER);
});
const home = process.cwd();
afterEach(async () => {
  process.chdir(home);
  await policy.stop();
  await store.stop();
  folder.remove();
});

async function run(...argv: string[]) {
  const io = new FakeIo(folder.path);
  const [name = '', ...rest] = argv;
  const config = rest.includes('--config') ? [] : ['--config', 'lmdb.yaml'];
  const code = await main(['greylist', name, ...config, ...rest], io);
  return { code, stdout: io.stdout, stderr: io.stderr };
}

async function ask(sender: string | null, recipient = 'user@example.org', client = '192.0.2.1'): Promise<string> {
  const verdict = await policy.rcpt(
    {
      session: testSession({ remoteAddress: client }),
      envelope: testEnvelope({ reversePath: sender === null ? null : testMailbox(sender) }),
      mailbox: testMailbox(recipient),
      parameters: {},
    },
    testContext(),
  );
  return verdict.annotate?.['state'] ?? '';
}

/** State, network, sender and recipient of each line. */
async function listed(...argv: string[]): Promise<readonly string[]> {
  const { code, stdout } = await run('list', ...argv);
  expect(code).toBe(EXIT.ok);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t').slice(0, 4).join(' '))
    .toSorted();
}

describe('greylist list', () => {
  it('shows what is known, and only what is asked for', async () => {
    await ask('ann@example.net');
    await ask('Bob@example.net', 'other@example.org', '2001:db8::7');
    await ask(null, 'user@example.org', '198.51.100.3');
    await run('allow', '203.0.113.9', 'carl@example.com', 'user@example.org');
    const [ann, bob, nobody, carl] = [
      'waiting 192.0.2.0/24 ann@example.net user@example.org',
      'waiting 2001:db8::/64 bob@example.net other@example.org',
      'waiting 198.51.100.0/24 <> user@example.org',
      'passed 203.0.113.0/24 carl@example.com user@example.org',
    ];
    expect(await listed()).toEqual([ann, bob, nobody, carl].toSorted());
    expect(await listed('--waiting')).toEqual([ann, bob, nobody].toSorted());
    expect(await listed('--passed')).toEqual([carl]);
    expect(await listed('--client', '192.0.2.77')).toEqual([ann]);
    expect(await listed('--client', '192.0.0.0/16')).toEqual([ann]);
    expect(await listed('--client', '2001:db8::1')).toEqual([bob]);
    // Defect K8.
    expect(await listed('--client', '19.0.0.0/8')).toEqual([]);
    expect(await listed('--sender', '<>')).toEqual([nobody]);
    expect(await listed('--sender', 'example.net')).toEqual([ann, bob].toSorted());
    expect(await listed('--sender', 'BOB@example.net', '--recipient', 'example.org')).toEqual([bob]);
    expect(await listed('--sender', 'bob@example.net', '--recipient', 'user@example.org')).toEqual([]);
  });

  it('says since when, for people and for programs', async () => {
    const before = new Date().toISOString();
    await ask('ann@example.net');
    await run('allow', '203.0.113.9', 'carl@example.com', 'user@example.org');
    const { stdout } = await run('list', '--json');
    const [carl, ann] = stdout
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one) as Record<string, string>)
      .toSorted((a, b) => (a['state'] ?? '').localeCompare(b['state'] ?? ''));
    expect(ann).toEqual({
      state: 'waiting',
      network: '192.0.2.0/24',
      sender: 'ann@example.net',
      recipient: 'user@example.org',
      since: expect.any(String) as string,
    });
    expect((ann?.['since'] ?? '') >= before).toBe(true);
    expect(carl?.['used']).toBe(carl?.['since']);
  });
});

describe('greylist release', () => {
  it('lets pass what waits, while the server runs', async () => {
    await ask('ann@example.net');
    await ask('bob@example.net');
    expect((await run('release', '--sender', 'ann@example.net')).stdout).toBe('released: 1\n');
    expect(await ask('ann@example.net')).toBe('known');
    expect(await ask('bob@example.net')).toBe('early');
    // It has passed already: there is nothing to release.
    expect((await run('release', '--sender', 'ann@example.net')).stdout).toBe('released: 0\n');
    expect((await run('release', '--all')).stdout).toBe('released: 1\n');
    expect(await ask('bob@example.net')).toBe('known');
  });

  it.each([['release'], ['forget']])('%s wants to know what', async (command) => {
    await ask('ann@example.net');
    const { code, stderr } = await run(command);
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining('--all')]);
    expect(await listed('--waiting')).toHaveLength(1);
  });
});

describe('greylist allow and forget', () => {
  it('let pass who was never seen, and know nobody any more', async () => {
    const { code, stdout } = await run('allow', '192.0.2.200', 'Ann@Example.NET', 'user@example.org');
    expect([code, stdout]).toEqual([EXIT.ok, 'allowed: 192.0.2.0/24 ann@example.net user@example.org\n']);
    expect(await ask('ann@example.net')).toBe('known');
    expect((await run('forget', '--client', '192.0.2.1')).stdout).toBe('forgotten: 1\n');
    expect(await ask('ann@example.net')).toBe('new');
    expect((await run('forget', '--passed', '--all')).stdout).toBe('forgotten: 0\n');
    expect((await run('forget', '--waiting', '--all')).stdout).toBe('forgotten: 1\n');
  });

  it('forget what the network has earned, too', async () => {
    await policy.stop();
    policy = new GreylistPolicy(
      greylistOptions.parse({ passAfter: '5m', autoAllow: { after: 1 } }),
      store,
      { ...CLOCK, now: () => Date.now() - 600_000 },
      LOGGER,
    );
    await ask('ann@example.net');
    await policy.stop();
    const options = greylistOptions.parse({ passAfter: '5m', autoAllow: { after: 1 } });
    policy = new GreylistPolicy(options, store, CLOCK, LOGGER);
    expect(await ask('ann@example.net')).toBe('passed');
    expect(await ask('x@example.net')).toBe('auto-allowed');
    expect((await run('stats')).stdout).toContain('networks that passed: 1\n');
    await run('forget', '--sender', 'ann@example.net');
    expect(await ask('x@example.net')).toBe('new');
  });

  it.each([
    ['192.0.2', 'a@b.example', 'c@d.example', 'client'],
    ['192.0.2.0/16', 'a@b.example', 'c@d.example', 'client'],
    ['192.0.2.1', 'a b', 'c@d.example', 'sender'],
    ['192.0.2.1', 'a@b.example', '<>', 'recipient'],
  ])('refuse what is no triple: %s %s %s', async (client, sender, recipient, wrong) => {
    const { code, stderr } = await run('allow', client, sender, recipient);
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining(wrong)]);
  });
});

describe('greylist stats', () => {
  it('counts what there is, and what was decided', async () => {
    for (const sender of ['ann@example.net', 'ann@example.net', 'bob@example.net']) await ask(sender);
    await run('allow', '203.0.113.9', 'carl@example.com', 'user@example.org');
    await policy.stop();
    const { code, stdout } = await run('stats');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain('waiting: 2\npassed: 1\nnetworks that passed: 0\n');
    expect(stdout).toMatch(
      /^day \(UTC\) +new +early +waiting +passed +known +allowed +auto-allowed\n\d{4}-\d\d-\d\d +2 +1 +0 +0 +0 +0 +0\n$/m,
    );
    const json = JSON.parse((await run('stats', '--json')).stdout) as { waiting: number; days: { new: number }[] };
    expect([json.waiting, json.days[0]?.new]).toEqual([2, 2]);
  });
});

describe('greylist where it can do nothing', () => {
  it.each(['stats', 'list', 'release'])('%s says that memory is within the server', async (command) => {
    const all = command === 'release' ? ['--all'] : [];
    const { code, stderr } = await run(command, '--config', 'memory.yaml', ...all);
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining('memory is within the server')]);
  });

  it('says that there is no greylist, and what else is wrong', async () => {
    const none = await run('list', '--config', 'none.yaml');
    expect([none.code, none.stderr]).toEqual([EXIT.configuration, expect.stringContaining('no greylist')]);
    const wrong = await run('list', '--config', 'wrong.yaml');
    expect([wrong.code, wrong.stderr]).toEqual([EXIT.configuration, expect.stringContaining('passAfter')]);
    expect((await run('list', '--config', 'missing.yaml')).code).toBe(EXIT.configuration);
    const blind = await run('list', '--config', 'blind.yaml');
    expect([blind.code, blind.stderr]).toEqual([EXIT.configuration, expect.stringContaining('can not say')]);
  });

  it('makes no store where there is none', async () => {
    const { code, stderr } = await run('list', '--config', 'elsewhere.yaml');
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining('no server has run with it')]);
    expect(existsSync(join(folder.path, 'elsewhere'))).toBe(false);
  });

  it('says that the store can not be opened, and that it is no bug', async () => {
    const { code, stderr } = await run('list', '--config', 'file.yaml');
    expect([code, stderr]).toEqual([EXIT.failure, expect.stringContaining('the store: ')]);
    expect(stderr).not.toContain('bug');
  });

  it.each([true, false])('becomes the user of the server before it opens files, if it can: %p', async (privileged) => {
    const io = new FakeIo(folder.path);
    io.privileged = privileged;
    expect(await main(['greylist', 'stats', '--config', 'user.yaml'], io)).toBe(EXIT.ok);
    expect(io.became).toEqual(privileged ? [['mailverb', undefined]] : []);
  });

  it('finds a greylist that stands within another policy', async () => {
    await ask('ann@example.net');
    expect(await listed('--config', 'within.yaml')).toHaveLength(1);
  });

  it.each([
    [['list', '--client', '10']],
    [['list', '--sender', 'a b']],
    [['list', '--recipient', '@']],
    [['release', '--sender', '@', '--all']],
    [['allow', '192.0.2.1']],
    [['lsit']],
  ])('%j is wrong usage', async (argv) => {
    expect((await run(...argv)).code).toBe(EXIT.usage);
  });

  it('wants a configuration', async () => {
    const io = new FakeIo(folder.path);
    expect(await main(['greylist', 'list'], io)).toBe(EXIT.usage);
    expect(io.stderr).toContain('--config');
  });
});
