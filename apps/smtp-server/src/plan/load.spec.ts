import type { PluginUse } from '@mailverb/contract';
import { ConfigurationError, createServer, type ServerPlan } from '@mailverb/core';
import { valueAt } from '../configuration/issues.js';
import { builtinNames } from '../plugins/builtins.js';
import { FakeIo, folderWith } from '../testing/fake-io.js';
import { assemble, loadConfiguration } from './load.js';

const PLUGINS = `
const policy = (name) => ({ name, register: (contribute) => contribute.policy(name, { rcpt: () => ({ kind: 'accept' }) }) });
const observer = { name: 'watcher', register: (contribute) => contribute.observer('watcher', {}) };
export default [policy('ours'), observer];
`;

async function load(
  yaml: string,
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
) {
  const folder = folderWith({ 'config.yaml': yaml, ...files });
  try {
    const io = new FakeIo(folder.path, { env });
    return await loadConfiguration('config.yaml', io);
  } finally {
    folder.remove();
  }
}

async function plan(...given: Parameters<typeof load>): Promise<ServerPlan> {
  const loaded = await load(...given);
  expect(loaded.issues).toEqual([]);
  if (loaded.plan === undefined) throw new Error('there is no plan');
  return loaded.plan;
}

const names = (uses: readonly PluginUse[] = []) => uses.map(({ plugin }) => plugin.name);
// Of no use in a listener without TLS, identities and trusted peers.
const SPECIAL = ['lhlo', 'starttls', 'auth', 'xclient', 'xforward'];
const plain = (kind: 'verb' | 'extension') => builtinNames(kind).filter((name) => !SPECIAL.includes(name));
const BUILTINS = [
  ...plain('verb').map((name) => `verb-${name}`),
  ...plain('extension').map((name) => `extension-${name}`),
];

describe('a plan', () => {
  it('of a file that says next to nothing has the defaults', async () => {
    const { hostname, plugins, listeners, spool } = await plan('delivery: discard');
    expect(hostname).toBe('test.example.org');
    expect(names(plugins)).toEqual(['logging-pino']);
    expect(spool).toBeUndefined();
    expect(listeners).toHaveLength(1);
    const [listener] = listeners;
    expect(listener).toMatchObject({ name: 'smtp-2525', host: '127.0.0.1', port: 2525, configPath: 'listeners[0]' });
    expect(names(listener?.plugins)).toEqual([...BUILTINS, 'transform-received']);
    expect(listener?.delivery).toMatchObject({ options: {}, path: 'delivery' });
  });

  it('of no file at all is the loopback address, mail for anybody, and a Maildir', async () => {
    const loaded = await loadConfiguration(undefined, new FakeIo('/nowhere'));
    expect(loaded).toMatchObject({ file: undefined, issues: [], deadlineMs: 30_000 });
    const [listener] = loaded.plan?.listeners ?? [];
    expect(listener).toMatchObject({ host: '127.0.0.1', port: 2525 });
    expect(names(listener?.plugins)).toEqual([...BUILTINS, 'policy-recipients', 'transform-received']);
    expect(listener?.delivery).toMatchObject({ options: { path: './var/mail' } });
    expect(names(listener?.delivery?.transforms)).toEqual(['transform-return-path']);
    expect((await assemble(loaded, createServer)).server.assembly.listeners[0]?.delivery).toMatchObject({
      name: 'maildir',
      durability: 'disk',
      transforms: ['return-path'],
    });
  });

  it('gives a listener what it does not say from the top level: lists as a whole, limits and timeouts by key', async () => {
    const { listeners } = await plan(`
hostname: mx.example.org
greeting: ESMTP ours
verbs: [helo, ehlo]
extensions: [size]
policies: [{ use: recipients, domains: [example.org] }]
transforms: []
delivery: discard
limits: { messageSize: 1MiB, recipients: 5 }
timeouts: { session: 1h }
spool: { memory: 64KiB, directory: /var/spool }
shutdown: { deadline: 5s }
listeners:
  - { name: a, port: 25 }
  - name: b
    path: ./b.sock
    protocol: lmtp
    hostname: b.example.org
    verbs: [quit]
    extensions: []
    policies: []
    transforms: [received]
    delivery: memory
    minimumDurability: memory
    bareNewlines: normalize
    limits: { recipients: 7 }
    timeouts: { data: 1m }
  - { name: c, port: 26, greeting: ESMTP its own }
  - { name: d, path: ./d.sock, protocol: lmtp, greeting: LMTP its own }
`);
    const [a, b, c, d] = listeners;
    expect([a, b, c, d].map((one) => one?.greeting)).toEqual([
      'ESMTP ours',
      undefined,
      'ESMTP its own',
      'LMTP its own',
    ]);
    expect(names(a?.plugins)).toEqual(['verb-helo', 'verb-ehlo', 'extension-size', 'policy-recipients']);
    expect(a).toMatchObject({
      delivery: { path: 'delivery' },
      limits: { messageSize: '1MiB', recipients: 5 },
      timeouts: { session: '1h' },
    });
    expect(names(b?.plugins)).toEqual(['verb-quit', 'transform-received']);
    expect(b).toMatchObject({
      path: './b.sock',
      protocol: 'lmtp',
      hostname: 'b.example.org',
      minimumDurability: 'memory',
      bareNewlines: 'normalize',
      delivery: { path: 'listeners[1].delivery' },
      limits: { messageSize: '1MiB', recipients: 7 },
      timeouts: { session: '1h', data: '1m' },
    });
  });

  it('has the spool and the deadline in octets and milliseconds', async () => {
    const loaded = await load('delivery: discard\nspool: { memory: 64KiB }\nshutdown: { deadline: 5s }');
    expect(loaded).toMatchObject({ deadlineMs: 5000, plan: { spool: { memory: 65_536 } } });
  });

  it('takes the keys that are ours out of an entry, and leaves the plugin its options', async () => {
    const { listeners } = await plan(`
policies:
  - { use: recipients, domains: [example.org], mode: dry-run, budget: 250ms }
delivery: { use: maildir, path: ./mail, transforms: [return-path, { use: received }] }
`);
    const [listener] = listeners;
    expect(listener?.plugins.find(({ path }) => path === 'policies[0]')).toMatchObject({
      options: { domains: ['example.org'] },
      mode: 'dry-run',
      budgetMs: 250,
    });
    expect(listener?.delivery?.options).toEqual({ path: './mail' });
    expect(listener?.delivery?.transforms?.map(({ plugin, path }) => [plugin.name, path])).toEqual([
      ['transform-return-path', 'delivery.transforms[0]'],
      ['transform-received', 'delivery.transforms[1]'],
    ]);
  });

  it('has plugins put to use where options name them', async () => {
    const { listeners } = await plan(`
policies:
  - use: unless
    networks: [10.0.0.0/8]
    then:
      - { use: unless, helo: [example.org], then: [helo-check] }
delivery: discard
`);
    const use = listeners[0]?.plugins.find(({ path }) => path === 'policies[0]');
    const outer = valueAt(use?.options, ['then', 0]);
    expect(outer).toMatchObject({ path: 'policies[0].then[0]', plugin: { name: 'policy-unless' } });
    expect(valueAt(outer, ['options', 'then', 0])).toMatchObject({
      path: 'policies[0].then[0].then[0]',
      plugin: { name: 'policy-helo-check' },
      options: {},
    });
  });

  it('shares what can be shared, and gives each listener its own of what can not', async () => {
    const { plugins, listeners } = await plan(
      `
observers: [./plugins-observer.mjs]
plugins: [./plugins.mjs]
delivery: discard
listeners:
  - { port: 25, plugins: [{ use: ./more.mjs, colour: blue }] }
  - { port: 26 }
`,
      {
        files: {
          'plugins.mjs': PLUGINS,
          'plugins-observer.mjs': `export const only = { name: 'o', register: (c) => c.observer('o', {}) };`,
          'more.mjs': `export default { name: 'more', register: (c) => c.policy('more', {}) };`,
        },
      },
    );
    expect(names(plugins)).toEqual(['logging-pino', 'watcher', 'o']);
    const own = listeners.map((listener) =>
      names(listener.plugins).filter((name) => !/^(verb|extension|transform)-/.test(name)),
    );
    expect(own).toEqual([['ours', 'more'], ['ours']]);
    expect(listeners[0]?.plugins.find(({ plugin }) => plugin.name === 'more')).toMatchObject({
      options: { colour: 'blue' },
      path: 'listeners[0].plugins[0]',
    });
  });

  it('takes numbers from the environment, in our keys and in a plugin’s', async () => {
    const { listeners } = await plan(
      'policies: [{ use: recipients, any: "${env:ANY}" }]\ndelivery: { use: memory, messages: "${env:MANY}" }\nlisteners: [{ port: "${env:PORT}" }]',
      { env: { PORT: '2600', MANY: '12', ANY: 'true' } },
    );
    expect(listeners[0]).toMatchObject({ port: 2600, delivery: { options: { messages: 12 } } });
    expect(listeners[0]?.plugins.find(({ path }) => path === 'policies[0]')?.options).toEqual({ any: true });
  });

  it('of a module may hold plugins themselves', async () => {
    const folder = folderWith({
      'config.mjs': `
const policy = { name: 'here', register: (contribute) => contribute.policy('here', { rcpt: () => ({ kind: 'accept' }) }) };
const delivery = { name: 'there', register: (contribute) => contribute.delivery('there', { durability: 'none' }) };
export default ({ env }) => ({
  hostname: env.HOST,
  policies: [{ use: policy, mode: 'dry-run' }, policy],
  delivery: { plugin: delivery, options: {} },
});`,
    });
    const io = new FakeIo(folder.path, { env: { HOST: 'mx.example.org' } });
    const loaded = await loadConfiguration('config.mjs', io);
    folder.remove();
    expect(loaded.issues).toEqual([]);
    expect(loaded.plan).toMatchObject({
      hostname: 'mx.example.org',
      listeners: [{ delivery: { plugin: { name: 'there' }, path: 'delivery' } }],
    });
    const policies = loaded.plan?.listeners[0]?.plugins.filter(({ plugin }) => plugin.name === 'here');
    expect(policies).toMatchObject([{ mode: 'dry-run', path: 'policies[0]' }, { path: 'policies[1]' }]);
  });

  it('without a usable machine name is of localhost', async () => {
    const io = { ...new FakeIo('/'), machine: 'not a name' };
    expect((await loadConfiguration(undefined, io)).plan?.hostname).toBe('localhost');
  });
});

describe('what the core finds', () => {
  const failure = async (yaml: string, create = createServer): Promise<readonly string[]> => {
    const error: unknown = await assemble(await load(yaml), create).catch((reason: unknown) => reason);
    if (!(error instanceof ConfigurationError)) throw new Error('expected a ConfigurationError', { cause: error });
    return error.issues.map(({ path }) => path);
  };

  it('is added to what was found before, as far as it is about the options of plugins', async () => {
    expect(await failure('hostnam: a\ndelivery: { use: memory, messages: many }')).toEqual([
      'hostnam',
      'delivery.messages',
    ]);
  });

  it('is left out where it is about a whole that is not there', async () => {
    // A misspelt verb is not also a missing one, a misspelt delivery not also no delivery.
    expect(await failure('verbs: [helo, ehlo, mail, rcpt, data, rst, noop, quit, vrfy]\ndelivery: discrad')).toEqual([
      'verbs[5]',
      'delivery',
    ]);
  });

  it('is passed on if it is no issue', async () => {
    const loaded = await load('delivery: discard');
    await expect(assemble(loaded, () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  });
});
