/** The command line: what each command says, and its exit code. */
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { folder, ROOT } from './folder';
import { run, type Ended } from './program';
import { MAIN } from './server';

/** Nobody who runs a server should see where in the code an error was made. */
const STACK = /^ +at .+:\d+/m;

async function mailverb(...args: readonly string[]): Promise<Ended> {
  const ended = await run(process.execPath, [MAIN, ...args], { cwd: folder() });
  expect(ended.stdout + ended.stderr).not.toMatch(STACK);
  return ended;
}

function file(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

const good = (): string => join(ROOT, 'apps/smtp-server/examples/mx.yaml');
const bad = (): string =>
  file('bad.yaml', 'polices: []\ndelivery: { use: maildri }\nlisteners: [{ port: 2525, limits: { errors: many } }]\n');

describe('check', () => {
  it('says that a configuration is right', async () => {
    const { code, stdout } = await mailverb('check', '--config', good());
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'configuration ok']);
  });

  it('says all that is wrong at once, each with its path, and exits with 78', async () => {
    const { code, stdout, stderr } = await mailverb('check', '--config', bad());
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('polices: unknown key; did you mean "policies"?');
    expect(stderr).toContain('did you mean "maildir"?');
    expect(stderr).toContain('listeners[0].limits.errors');
  });

  it('is right without a file, and wrong with one that is not there', async () => {
    expect((await mailverb('check')).code).toBe(0);
    const { code, stderr } = await mailverb('check', '--config', 'nowhere.yaml');
    expect(code).toBe(78);
    expect(stderr).toContain('nowhere.yaml');
  });
});

describe('assembly', () => {
  it('shows who owns what, for people and for programs', async () => {
    const text = await mailverb('assembly', '--config', good());
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/RCPT +verb-rcpt/);
    const json = await mailverb('assembly', '--json', '--config', good());
    expect(json.code).toBe(0);
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain('"verb-rcpt"');
  });

  it('exits with 78 for a wrong configuration', async () => {
    expect((await mailverb('assembly', '--config', bad())).code).toBe(78);
  });
});

describe('schema, version and the rest', () => {
  it('schema is a JSON Schema', async () => {
    const { code, stdout } = await mailverb('schema');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });

  it('version names its own and Node’s', async () => {
    const { code, stdout } = await mailverb('version');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^mailverb-smtp \d+\.\d+\.\d+ \(Node v\d+\.\d+\.\d+\)\n$/),
    ]);
  });

  it('help exits with 0, and wrong usage with 64', async () => {
    expect((await mailverb('--help')).code).toBe(0);
    expect((await mailverb('serv')).code).toBe(64);
    expect((await mailverb('serve', '--confg', 'x')).code).toBe(64);
  });
});

describe('serve', () => {
  it('exits with 78 for a wrong configuration', async () => {
    expect((await mailverb('serve', '--config', bad())).code).toBe(78);
  });

  it('says which port is taken, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const config = file('taken.yaml', `delivery: discard\nlisteners: [{ port: ${port} }]\n`);
    const { code, stderr } = await mailverb('serve', '--config', config);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`${port}`);
  });
});
