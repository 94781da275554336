import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { FakeIo, folderWith } from '../testing/fake-io.js';
import { EXIT } from './io.js';
import { main } from './main.js';

let folder: ReturnType<typeof folderWith>;
beforeEach(() => (folder = folderWith({})));
afterEach(() => folder.remove());

const run = async (...argv: string[]) => {
  const io = new FakeIo(folder.path);
  const code = await main(['certificate', ...argv], io);
  return { code, stdout: io.stdout, stderr: io.stderr };
};
const read = (name: string) => readFileSync(join(folder.path, 'tls', name), 'utf8');

describe('certificate', () => {
  it('makes a certificate and its key, of which nobody else can read the key', async () => {
    const { code, stdout, stderr } = await run('--out', 'tls');
    expect([code, stderr]).toEqual([EXIT.ok, '']);
    expect(stdout).toContain(`tls: { cert: ${join(folder.path, 'tls/cert.pem')}, key: `);
    const cert = new X509Certificate(read('cert.pem'));
    expect(cert.subject).toBe('CN=localhost');
    expect(cert.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(cert.ca).toBe(false);
    expect(cert.checkPrivateKey(createPrivateKey(read('key.pem')))).toBe(true);
    expect(Date.parse(cert.validTo) - Date.parse(cert.validFrom)).toBe(365 * 86_400_000);
    expect(statSync(join(folder.path, 'tls/key.pem')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder.path, 'tls')).toSorted()).toEqual(['cert.pem', 'key.pem']);
  });

  it('is one that a client believes which is given it', async () => {
    await run('--out', 'tls', '--name', 'mx.example.org', '--name', '*.example.net', '--days', '1');
    const server = createServer({ cert: read('cert.pem'), key: read('key.pem') }, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const servername of ['mx.example.org', 'lists.example.net']) {
        const client = connect({ host: '127.0.0.1', port, ca: read('cert.pem'), servername });
        expect(String((await once(client, 'data'))[0])).toBe('hello');
        client.destroy();
      }
      const other = connect({ host: '127.0.0.1', port, ca: read('cert.pem'), servername: 'mx.example.com' });
      await expect(once(other, 'secureConnect')).rejects.toThrow('altnames');
    } finally {
      server.close();
    }
  });

  it.each(['cert.pem', 'key.pem'])('does not overwrite %s unless it is told to', async (name) => {
    await run('--out', 'tls');
    const other = name === 'cert.pem' ? 'key.pem' : 'cert.pem';
    writeFileSync(join(folder.path, 'tls', name), 'mine', { mode: 0o644 });
    unlinkSync(join(folder.path, 'tls', other));
    expect(await run('--out', 'tls')).toMatchObject({
      code: EXIT.failure,
      stderr: `${join(folder.path, 'tls', name)} is there already: --force replaces it\n`,
    });
    expect(read(name)).toBe('mine');
    expect(existsSync(join(folder.path, 'tls', other))).toBe(false);

    expect((await run('--out', 'tls', '--force')).code).toBe(EXIT.ok);
    expect(new X509Certificate(read('cert.pem')).checkPrivateKey(createPrivateKey(read('key.pem')))).toBe(true);
    // Whatever the file that was there allowed.
    expect(statSync(join(folder.path, 'tls/key.pem')).mode & 0o777).toBe(0o600);
  });

  it('says why it can not write', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    const { code, stderr } = await run('--out', 'file');
    expect(code).toBe(EXIT.failure);
    expect(stderr).toMatch(/^cannot write to .*file: /);
  });

  it.each([
    [[]],
    [['--out', 'tls', '--days', '0']],
    [['--out', 'tls', '--days', '1.5']],
    [['--out', 'tls', '--days', 'many']],
    [['--out', 'tls', '--name', 'a b']],
    [['--out', 'tls', '--name', 'mx.*.org']],
  ])('%j is wrong usage', async (argv) => {
    const { code, stderr } = await run(...argv);
    expect(code).toBe(EXIT.usage);
    expect(stderr).not.toBe('');
    expect(existsSync(join(folder.path, 'tls'))).toBe(false);
  });
});
