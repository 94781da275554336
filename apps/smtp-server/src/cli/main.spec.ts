import { writeFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Server, ServerPlan } from '@mailverb/core';
import { FakeIo, folderWith } from '../testing/fake-io.js';
import { EXIT } from './io.js';
import { main } from './main.js';

const QUIET = `
export default {
  name: 'quiet',
  register: (contribute) => {
    const logger = { enabled: () => false, child: () => logger };
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) logger[level] = () => undefined;
    contribute.service(Symbol.for('mailverb:Logger'), logger);
  },
};`;
// The Maildir is really made, and a relative path would be of the folder in which the tests were started.
const config = (mail: string) => `
hostname: mx.example.org
logger: ./quiet.mjs
policies: [{ use: recipients, domains: [example.org] }]
delivery: { use: maildir, path: ${mail} }
listeners: [{ name: mx, port: 0, limits: { messageSize: 1MiB } }]
`;

const folder = folderWith({
  'quiet.mjs': QUIET,
  'wrong.yaml': 'hostnam: a',
  'nobody.yaml': 'delivery: discard',
  'secret.yaml': 'hostname: ${env:HOST}\nlogger: ./quiet.mjs\ndelivery: discard',
  'broken.mjs': 'throw new Error("on purpose");',
});
writeFileSync(join(folder.path, 'config.yaml'), config(join(folder.path, 'mail')));
afterAll(() => folder.remove());

const run = async (...argv: string[]) => {
  const io = new FakeIo(folder.path, { env: { HOST: 'hidden.example.org' } });
  const code = await main(argv, io);
  return { code, stdout: io.stdout, stderr: io.stderr };
};

describe('the command line', () => {
  it('version', async () => {
    expect(await run('version')).toEqual({
      code: EXIT.ok,
      stdout: expect.stringMatching(/^mailverb-smtp \d+\.\d+\.\d+ \(Node v\d+/) as string,
      stderr: '',
    });
  });

  it('help', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(EXIT.ok);
    for (const command of ['serve', 'check', 'schema', 'assembly', 'version'])
      expect(stdout).toContain(`  ${command} `);
  });

  it.each([[['chekc']], [['check', '--confg', 'a']], [['check', '--config']], [[]]])(
    '%j is wrong usage',
    async (argv) => {
      const { code, stdout, stderr } = await run(...argv);
      expect(code).toBe(EXIT.usage);
      expect(stdout).toBe('');
      expect(stderr).not.toBe('');
    },
  );

  it('check says ok, and what there is', async () => {
    expect(await run('check', '--config', 'config.yaml')).toEqual({
      code: EXIT.ok,
      stdout:
        'configuration ok\n1 listener: mx on 127.0.0.1:0 with 12 verbs, 9 EHLO keywords, 1 policy, delivery maildir (disk)\n',
      stderr: '',
    });
  });

  it('check notes that nobody could receive anything', async () => {
    const { code, stdout } = await run('check', '-c', 'nobody.yaml');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain('note: the listener smtp-2525 has no policy that could accept a recipient');
  });

  it.each(['check', 'assembly', 'serve'])('%s of a wrong configuration says what is wrong', async (command) => {
    expect(await run(command, '--config', 'wrong.yaml')).toMatchObject({
      code: EXIT.configuration,
      stdout: '',
      stderr: expect.stringContaining('hostnam: unknown key; did you mean "hostname"?\n') as string,
    });
    expect(await run(command, '--config', 'nowhere.yaml')).toEqual({
      code: EXIT.configuration,
      stdout: '',
      stderr: 'nowhere.yaml: cannot read the configuration file: there is no such file\n',
    });
  });

  it('shows where an error came from only if it is asked to', async () => {
    expect((await run('check', '--config', 'broken.mjs')).stderr).not.toContain('    at ');
    expect((await run('check', '--config', 'broken.mjs', '--debug')).stderr).toMatch(/broken\.mjs(?:\?reading=\d+)?:1/);
  });

  it('blames itself for what it did not expect, without a stack', async () => {
    const io = new FakeIo(folder.path, { create: () => Promise.reject(new TypeError('x is undefined')) });
    expect(await main(['check', '--config', 'config.yaml'], io)).toBe(EXIT.software);
    expect(io.stderr).toBe('TypeError: x is undefined\nthis is probably a bug; --debug shows where\n');
  });

  it('assembly, for people', async () => {
    const { code, stdout } = await run('assembly', '--config', 'config.yaml');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^server mx\.example\.org\n {2}logger {2}quiet {2}service Logger\n/);
    expect(stdout).toMatch(/\n {4}RCPT {2}verb-rcpt {2}mail rcpt\n/);
    expect(stdout).toMatch(/\n {4}rcpt {5}recipients\n/);
    expect(stdout).toMatch(/\n {4}MAIL SIZE {6}extension-size\n/);
    expect(stdout).toMatch(/\n {2}delivery\n {4}maildir \(durability disk\)\n/);
    expect(stdout.split('\n').filter((line) => line.endsWith(' '))).toEqual([]);
  });

  it('assembly, for programs', async () => {
    const { stdout } = await run('assembly', '--json', '--config', 'config.yaml');
    expect(JSON.parse(stdout)).toMatchObject({
      hostname: 'mx.example.org',
      listeners: [{ name: 'mx', delivery: { name: 'maildir', durability: 'disk' } }],
    });
  });

  it.each([['assembly'], ['assembly', '--json'], ['check']])(
    '%s %s hides what came from a reference',
    async (...argv) => {
      const { code, stdout } = await run(...argv.filter(Boolean), '--config', 'secret.yaml');
      expect(code).toBe(EXIT.ok);
      expect(stdout).not.toContain('hidden.example.org');
    },
  );
});

describe('serve', () => {
  const serve = (io: FakeIo, ...argv: string[]) => main(['serve', '--config', 'config.yaml', ...argv], io);

  it('says where it listens and where mail goes, and stops when it is told to', async () => {
    const io = new FakeIo(folder.path);
    const done = serve(io);
    await io.said('mail goes');
    expect(io.stderr).toMatch(/^listening on 127\.0\.0\.1:\d+ \(SMTP, mx\)\n/);
    expect(io.stderr).toContain(`mail goes into the Maildir ${join(folder.path, 'mail')}\n`);
    expect(io.stderr).not.toContain('swaks');
    // Standard output is the logger's.
    expect(io.stdout).toBe('');
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
    expect(io.handlers).toBe(0);
    expect(io.exits).toEqual([]);
  });

  it('waits no longer at the second signal', async () => {
    let release: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (release = resolve));
    const deadlines: unknown[] = [];
    const io = new FakeIo(folder.path, {
      create: fakeServer({
        stop: (options) => {
          deadlines.push(options?.deadlineMs);
          return stopped;
        },
      }),
    });
    const done = serve(io);
    await io.said('listening on');
    io.signal('SIGINT');
    expect(io.exits).toEqual([]);
    io.signal('SIGTERM');
    expect(io.exits).toEqual([EXIT.failure]);
    release();
    expect(await done).toBe(EXIT.ok);
    expect(deadlines).toEqual([30_000]);
  });

  it('says that a port is taken, in one line', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const io = new FakeIo(folder.path, { env: { PORT: String(port) } });
    const other = folderWith({
      'quiet.mjs': QUIET,
      'config.yaml': `logger: ./quiet.mjs\ndelivery: discard\nlisteners: [{ port: ${port} }]`,
    });
    try {
      expect(await main(['serve', '--config', join(other.path, 'config.yaml')], io)).toBe(EXIT.failure);
      expect(io.stderr).toBe(`listeners[0].port: 127.0.0.1:${port} is already in use\n`);
      expect(io.handlers).toBe(0);
    } finally {
      other.remove();
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  it('says nothing if it is not to; and stops if it was told to while it started', async () => {
    const start = () => Promise.resolve(io.signal('SIGTERM'));
    const io: FakeIo = new FakeIo(folder.path, { create: fakeServer({ start }) });
    expect(await serve(io, '--quiet')).toBe(EXIT.ok);
    expect(io.stderr).toBe('');
  });

  it('with an exception that nobody caught, finishes what is open and exits with 70', async () => {
    const io = new FakeIo(folder.path);
    const done = serve(io);
    await io.said('mail goes');
    io.stray('unhandledRejection', new Error('forgotten'));
    io.stray('uncaughtException', new Error('half done'));
    expect(await done).toBe(EXIT.software);
  });

  it('without a configuration, shows how to try it', async () => {
    const io = new FakeIo(folder.path, { create: fakeServer({}) });
    const done = main(['serve'], io);
    await io.said('Ctrl+C');
    expect(io.stderr).toContain('  swaks --server 127.0.0.1:2525 ');
    expect(io.stderr).toContain(' | curl -sS smtp://127.0.0.1:2525 ');
    expect(io.stderr).toContain(`mail goes into the Maildir ${join(folder.path, 'var/mail')}\n`);
    io.signal('SIGINT');
    expect(await done).toBe(EXIT.ok);
  });
});

/** A server that opens nothing. */
function fakeServer(parts: Partial<Server>): (plan: ServerPlan) => Promise<Server> {
  const server: Server = {
    assembly: { hostname: '', plugins: [], listeners: [] },
    sessions: 0,
    start: () => Promise.resolve(),
    addresses: () => [{ listener: 'mx', host: '127.0.0.1', port: 2525 }],
    accept: () => undefined,
    retire: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ...parts,
  };
  return () => Promise.resolve(server);
}
