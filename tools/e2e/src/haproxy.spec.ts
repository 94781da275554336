/** HAProxy in front: the server knows the client, and believes nobody else who says so (attack A16). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Client } from './client';
import { freePort } from './free-port';
import { stored } from './maildir';
import { peer, run, start } from './program';
import { securePlace, type SecurePlace } from './secure-place';

/** HAProxy from a port of its own to the server's listener; gives the port. */
async function proxy(at: SecurePlace, listener: string, how: string): Promise<number> {
  const port = await freePort();
  const file = join(at.path, `haproxy-${port}.cfg`);
  writeFileSync(
    file,
    [
      'defaults',
      '  mode tcp',
      '  timeout connect 5s',
      '  timeout client 30s',
      '  timeout server 30s',
      'listen smtp',
      `  bind 127.0.0.1:${port}`,
      `  server mx 127.0.0.1:${at.port(listener)} ${how}`,
      '',
    ].join('\n'),
  );
  const child = start(peer('haproxy'), ['-db', '-f', file], { stdio: 'ignore' });
  for (let tries = 0; tries < 100_000; tries++) {
    if (child.exitCode !== null) throw new Error(`haproxy ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return port;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('haproxy does not listen');
}

/** Sends a message from another address of this machine. */
function send(at: SecurePlace, port: number, ...tls: string[]): ReturnType<typeof run> {
  const from = ['--server', '127.0.0.1', '--port', `${port}`, '--local-interface', '127.0.0.9', '--timeout', '10'];
  const mail = ['--from', 'me@example.net', '--to', 'you@example.org', '--tls-ca-path', at.ca];
  return run(peer('swaks'), [...from, ...mail, ...tls]);
}

/** What is audited beside the transcript. */
const AUDITED = {
  observers: [
    { use: 'transcript', destination: { file: './transcript.log' } },
    { use: 'audit', destination: { file: './audit.log' } },
  ],
};

interface AuditRecord {
  readonly event: string;
  readonly client?: { readonly address: string; readonly port: number };
  readonly tls?: { readonly version: string };
  readonly verdict?: string;
  readonly transactions?: number;
}

function audit(at: SecurePlace): readonly AuditRecord[] {
  const lines = readFileSync(join(at.path, 'audit.log'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as AuditRecord);
}

const TRUST = { trustedPeers: ['127.0.0.1'], proxyProtocol: true };

it.each([
  ['version 1, then STARTTLS', 'starttls', 'send-proxy', '--tls'],
  ['version 2, then STARTTLS', 'starttls', 'send-proxy-v2', '--tls'],
  ['version 2 before implicit TLS', 'implicit', 'send-proxy-v2', '--tlsc'],
])('%s: the client is who it is', async (_what, listener, how, tls) => {
  const at = await securePlace(AUDITED, () => TRUST);
  const port = await proxy(at, listener, how);
  const { code, stdout, stderr } = await send(at, port, tls);
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
  expect(at.transcript()).toMatch(/opened: 127\.0\.0\.9:\d+ to 127\.0\.0\.1:/);
  expect(stored(at.maildir).map((bytes) => bytes.toString('latin1'))).toEqual([
    expect.stringContaining('([127.0.0.9])'),
  ]);
  expect(await at.server.stop()).toBe(0);
  const [transaction, ...more] = audit(at).filter(({ event }) => event === 'transaction');
  expect(more).toEqual([]);
  expect(transaction).toMatchObject({
    client: { address: '127.0.0.9' },
    verdict: 'delivered',
    tls: { version: 'TLSv1.3' },
  });
});

it('clients are counted by their own address', async () => {
  const at = await securePlace({ limits: { connectionsPerAddress: 1 } }, () => TRUST);
  const port = await proxy(at, 'starttls', 'send-proxy-v2');
  const from = async (localAddress: string) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return { socket, code: greeting.toString().slice(0, 3) };
  };
  const first = await from('127.0.0.9');
  const other = await from('127.0.0.8');
  const second = await from('127.0.0.9');
  expect([first.code, other.code, second.code]).toEqual(['220', '220', '421']);
  for (const { socket } of [first, other, second]) socket.destroy();
  expect(await at.server.stop()).toBe(0);
});

it.each([
  ['a peer that is not on the list', { trustedPeers: ['192.0.2.1'], proxyProtocol: true }, 'send-proxy'],
  ['the same, version 2', { trustedPeers: ['192.0.2.1'], proxyProtocol: true }, 'send-proxy-v2'],
  ['no PROXY protocol here', { trustedPeers: ['127.0.0.1'] }, 'send-proxy'],
  ['no PROXY protocol here, version 2', {}, 'send-proxy-v2'],
  ['a peer that is on the list and sends none', TRUST, ''],
])('%s: the connection is closed, and nothing was served', async (_what, listener, how) => {
  const at = await securePlace(AUDITED, () => listener);
  const port = await proxy(at, 'starttls', how);
  const client = Client.over(connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9' }));
  client.write('EHLO client.example\r\nMAIL FROM:<me@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\n');
  // It is the server that ends it, and without a good word after the greeting.
  expect(await client.ended()).not.toMatch(/^[23](?!20 )/m);
  expect(at.transcript()).not.toContain('C: EHLO');
  expect(await at.server.stop()).toBe(0);
  // Whom the header presented was not believed.
  for (const { client: who, transactions } of audit(at)) {
    expect(who?.address).not.toBe('127.0.0.9');
    expect(transactions ?? 0).toBe(0);
  }
});
