/**
 * Attack A25: handshakes that never end, that are none, for names nobody has, with versions of yesterday, and once more in the middle of a session. Each
 * costs its own session and nothing else.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { TestClient, memoryPair, settle, turn, type TestServer } from '@mailverb/testing';
import { connect as connectTls } from 'node:tls';
import { everything } from './assembly.js';
import { secure, startTls, type ServerOptions } from './server.js';

/** How TLS begins on a connection: after STARTTLS, or at once. */
const WAYS: readonly { readonly tls: NonNullable<ServerOptions['tls']>; begin(stream: Duplex): Promise<void> }[] = [
  {
    tls: 'starttls',
    async begin(stream) {
      const client = new TestClient(stream);
      await client.reply();
      expect(await client.commands('EHLO client.example.net', 'STARTTLS')).toEqual([250, 220]);
    },
  },
  { tls: 'implicit', begin: () => settle() },
];

/** The first octets of a right client: its hello. */
async function clientHello(): Promise<Buffer> {
  const [ours, theirs] = memoryPair();
  const socket = connectTls({ socket: ours, servername: 'mx.example.org' });
  socket.on('error', () => undefined);
  const [hello] = (await once(theirs, 'data')) as [Buffer];
  socket.destroy();
  return hello;
}

const causesOf = (server: TestServer) => server.eventsOf('sessionClosed').map(({ args }) => args[1].cause);

async function expectService(server: TestServer, tls: 'starttls' | 'implicit'): Promise<void> {
  const client = tls === 'starttls' ? await startTls(server) : new TestClient(await secure(server.connect()));
  if (tls === 'implicit') await client.reply();
  const said = ['EHLO c', 'MAIL FROM:<a@example.net>', 'RCPT TO:<user@example.org>', 'DATA', '.', 'QUIT'];
  expect(await client.commands(...said)).toEqual([250, 250, 250, 354, 250, 221]);
  await client.ended();
}

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 10_000) throw new Error('it does not come to that');
    await turn();
  }
}

describe.each(WAYS)('A25 where TLS is $tls', ({ tls, begin }) => {
  it.each([
    ['none of its octets', 0],
    ['one of them', 1],
    ['its header', 5],
    ['half of it', 100],
  ])('a hello of which comes %s is waited for so long and no longer', async (_what, octets) => {
    const server = await everything({ tls });
    const stream = server.connect();
    stream.resume();
    await begin(stream);
    stream.write((await clientHello()).subarray(0, octets));
    await server.clock.advance(29_000);
    expect(server.server.sessions).toBe(1);
    await server.clock.advance(5_000);
    await until(() => server.server.sessions === 0);
    expect(causesOf(server)).toEqual(tls === 'starttls' ? ['tls'] : [expect.stringMatching(/^tls$|^timeout$/)]);
    expect(server.eventsOf('limitReached').map(({ args }) => args[1])).toEqual(['timeouts.handshake']);
    expect(server.clock.pending).toBeLessThan(5);
    await expectService(server, tls);
    await server.stop();
  });

  it.each([
    ['NULs', Buffer.alloc(2000)],
    ['text', Buffer.from('EHLO client.example.net\r\n'.repeat(100))],
    ['a record of a kind that there is not', Buffer.from([99, 3, 1, 0, 5, 1, 2, 3, 4, 5])],
    ['a record that is too long', Buffer.concat([Buffer.from([22, 3, 1, 0xff, 0xff]), Buffer.alloc(70_000, 1)])],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40])],
    ['application data', Buffer.from([23, 3, 3, 0, 16, ...Array<number>(16).fill(7)])],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1, 0, 3, 0, 0, 0, 0x20, ...Array<number>(40).fill(0)])],
  ])('%s instead of a hello end the session', async (_what, garbage) => {
    const server = await everything({ tls });
    const stream = server.connect();
    stream.resume();
    await begin(stream);
    stream.write(garbage);
    await until(() => server.server.sessions === 0);
    expect(server.eventsOf('secured')).toEqual([]);
    expect(server.eventsOf('faultCaught')).toEqual([]);
    await expectService(server, tls);
    await server.stop();
  });

  it('a hello that is right but for one octet ends the session or is answered, and breaks nothing', async () => {
    const server = await everything({ tls, limits: { connectionsPerAddress: 10_000 } });
    const hello = await clientHello();
    for (let at = 0; at < hello.length; at += 7) {
      const stream = server.connect();
      stream.resume();
      await begin(stream);
      const broken = Buffer.from(hello);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      stream.write(broken);
      await settle(5);
      stream.destroy();
    }
    await until(() => server.server.sessions === 0);
    expect(server.eventsOf('faultCaught')).toEqual([]);
    await expectService(server, tls);
    await server.stop();
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is not spoken', async (version) => {
    const server = await everything({ tls });
    const stream = server.connect();
    await begin(stream);
    // OpenSSL would not even ask for it by itself.
    const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
    await expect(secure(stream, old)).rejects.toThrow(/version|alert|disconnected|EPIPE/i);
    await until(() => server.server.sessions === 0);
    expect(server.eventsOf('secured')).toEqual([]);
    await server.stop();
  });

  it.each([
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.3'],
  ] as const)('from %s on it is, up to %s', async (minVersion, maxVersion) => {
    const server = await everything({ tls });
    const stream = server.connect();
    await begin(stream);
    const socket = await secure(stream, { minVersion, maxVersion });
    expect(socket.getProtocol()).toBe(maxVersion);
    socket.destroy();
    await server.stop();
  });

  it.each(['aNULL', 'eNULL', 'kRSA', 'MD5', 'CBC'])('no %s, with TLS 1.2', async (weak) => {
    const ciphers =
      weak === 'CBC' ? 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' : `${weak}:@SECLEVEL=0`;
    const server = await everything({ tls });
    const stream = server.connect();
    await begin(stream);
    await expect(secure(stream, { maxVersion: 'TLSv1.2', ciphers })).rejects.toThrow(/handshake failure/);
    expect(server.eventsOf('secured')).toEqual([]);
    await server.stop();
  });

  it.each(['nobody.example.net', 'a', `${'a'.repeat(63)}.example`, '__proto__', 'xn--nxasmq6b'])(
    'a name that nobody has gets the default certificate: %s',
    async (servername) => {
      const server = await everything({ tls });
      const stream = server.connect();
      await begin(stream);
      const socket = await secure(stream, { servername, checkServerIdentity: () => undefined });
      expect(socket.getPeerX509Certificate()?.subjectAltName).toContain('mx.example.org');
      // With TLS 1.3 the client is done first.
      await until(() => server.eventsOf('secured').length > 0);
      expect(server.eventsOf('secured').map(({ args }) => args[0].tls?.serverName)).toEqual([servername]);
      socket.destroy();
      await server.stop();
    },
  );

  it('a second handshake within the first (TLS 1.2, CVE-2011-1473) is refused, and costs its own session at most', async () => {
    const server = await everything({ tls });
    const stream = server.connect();
    await begin(stream);
    const socket = await secure(stream, { maxVersion: 'TLSv1.2' });
    socket.resume();
    await until(() => server.eventsOf('secured').length > 0);
    const refused = await new Promise<boolean>((resolve) => {
      // By an alert, which this client takes for the end, or by the end itself.
      socket.once('error', () => resolve(true)).once('end', () => resolve(true));
      socket.renegotiate({}, (error) => resolve(error !== null));
    });
    expect(refused).toBe(true);
    expect(server.eventsOf('secured')).toHaveLength(1);
    expect(server.eventsOf('faultCaught')).toEqual([]);
    socket.destroy();
    await expectService(server, tls);
    await server.stop();
  });

  it.each([
    ['garbage', Buffer.alloc(100, 7)],
    ['a record that nobody has encrypted', Buffer.from([23, 3, 3, 0, 16, ...Array<number>(16).fill(7)])],
    ['commands in clear', Buffer.from('MAIL FROM:<injected@example.net>\r\n')],
  ])('%s between the records ends the session, and is no command', async (_what, garbage) => {
    const server = await everything({ tls });
    const stream = server.connect();
    await begin(stream);
    const socket = await secure(stream);
    socket.resume();
    await until(() => server.eventsOf('secured').length > 0);
    const before = server.eventsOf('commandReceived').length;
    stream.write(garbage);
    // At once, and not when it has been silent for too long.
    await until(() => server.server.sessions === 0);
    expect(server.eventsOf('commandReceived')).toHaveLength(before);
    expect(server.eventsOf('faultCaught')).toEqual([]);
    await expectService(server, tls);
    await server.stop();
  });
});
