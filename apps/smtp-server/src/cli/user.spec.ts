/** `user`: what it writes, what it leaves, and that the password is nowhere. */
import { chmodSync, chownSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { FakeIo, folderWith } from '../testing/fake-io.js';
import { EXIT } from './io.js';
import { main } from './main.js';

let folder: ReturnType<typeof folderWith>;
beforeEach(() => (folder = folderWith({ 'old.yaml': '# ours\nusers:\n  bob: {}\n', passwd: 'bob:x\n' })));
afterEach(() => folder.remove());

async function run(secret: string | undefined, ...argv: string[]) {
  const io = new FakeIo(folder.path);
  io.secrets.push(secret);
  const code = await main(['user', ...argv], io);
  return { code, stdout: io.stdout, stderr: io.stderr };
}
const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');

describe('user', () => {
  it('makes a file that nobody else can read, without the password in it', async () => {
    const { code, stdout, stderr } = await run('pa55word', 'ann@example.org', '--file', 'users.yaml');
    expect([code, stdout]).toEqual([EXIT.ok, '']);
    expect(stderr).toContain('ann@example.org is in ');
    const text = read('users.yaml');
    expect(text).toMatch(/^users:\n {2}ann@example\.org:\n {4}password: \$scrypt\$/);
    expect(text).toMatch(/scram-sha-256: SCRAM-SHA-256\$10000:/);
    expect(text).not.toContain('pa55word');
    expect(statSync(join(folder.path, 'users.yaml')).mode & 0o777).toBe(0o600);
  });

  it('leaves the others, comments and permissions as they are', async () => {
    chmodSync(join(folder.path, 'old.yaml'), 0o640);
    expect((await run('x', 'ann', '--file', 'old.yaml')).code).toBe(EXIT.ok);
    expect(read('old.yaml')).toMatch(/^# ours\nusers:\n {2}bob: \{\}\n {2}ann:\n/);
    expect(statSync(join(folder.path, 'old.yaml')).mode & 0o777).toBe(0o640);
    expect((await run('x', 'ann', '--file', 'passwd')).code).toBe(EXIT.ok);
    expect(read('passwd')).toMatch(/^bob:x\nann:\$scrypt\$/);
    expect(readdirSync(folder.path).toSorted()).toEqual(['old.yaml', 'passwd']);
  });

  it('replaces what a symbolic link leads to, and not the link', async () => {
    symlinkSync('old.yaml', join(folder.path, 'link.yaml'));
    expect((await run('x', 'ann', '--file', 'link.yaml')).code).toBe(EXIT.ok);
    expect(lstatSync(join(folder.path, 'link.yaml')).isSymbolicLink()).toBe(true);
    expect(read('old.yaml')).toContain('ann:');
  });

  // Nobody else may give files away.
  (process.getuid?.() === 0 ? it : it.skip)('leaves the file to whom it belongs, if root runs it', async () => {
    const path = join(folder.path, 'old.yaml');
    chmodSync(path, 0o600);
    chownSync(path, 65534, 65534);
    expect((await run('x', 'ann', '--file', 'old.yaml')).code).toBe(EXIT.ok);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([65534, 65534, 0o600]);
  });

  it('prints the entry where there is no file', async () => {
    const { code, stdout } = await run('x', 'ann');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^users:\n {2}ann:\n/);
  });

  it.each([
    [undefined, 'ann', EXIT.usage, 'no password was given'],
    ['a\0b', 'ann', EXIT.usage, 'no password'],
    ['x', 'a\nb', EXIT.usage, 'no name'],
  ])('%j for %j: %d', async (secret, name, expected, said) => {
    const { code, stderr } = await run(secret, name, '--file', 'users.yaml');
    expect([code, stderr]).toEqual([expected, expect.stringContaining(said)]);
    expect(readdirSync(folder.path)).not.toContain('users.yaml');
  });

  it('says so where the file can not be written', async () => {
    const { code, stderr } = await run('x', 'ann', '--file', 'nowhere/users.yaml');
    expect(code).toBe(EXIT.failure);
    expect(stderr).toContain('nowhere/users.yaml');
  });
});
