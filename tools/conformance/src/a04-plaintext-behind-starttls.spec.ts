/**
 * Attack A4, CVE-2011-0411, CVE-2021-38542, CVE-2022-28220, CVE-2024-34083: somebody in the middle sends in clear, behind STARTTLS, what the server then
 * takes for the client's words within TLS. Nothing that came before the handshake is executed after it, and nothing that was said is remembered.
 */
import { accept, definePlugin, pass, slot, use, type Policy, type Session } from '@mailverb/contract';
import { TestClient, settle, turn, type TestServer } from '@mailverb/testing';
import { startTlsPlugin } from '@mailverb/verb-starttls';
import { EVERYTHING, everything } from './assembly.js';
import { secure, startTls } from './server.js';
import { usersPlugin } from './users.js';

const INJECTED = 'RSET\r\nNOOP injected\r\nMAIL FROM:<injected@example.net>\r\nRCPT TO:<user@example.org>\r\n';

/** What the server was told to do, by its own observers. */
const commandsOf = (server: TestServer) => server.eventsOf('commandReceived').map(({ args }) => args[1]);

const dropping = [
  ...EVERYTHING.filter(({ plugin }) => plugin !== startTlsPlugin),
  use(startTlsPlugin, { injected: 'drop' }),
];

describe.each(['memory', 'tcp'] as const)('A4 over %s', (transport) => {
  it.each([
    ['whole commands', INJECTED],
    ['half a command', 'MAIL FROM:<injected@exa'],
    ['one octet', 'E'],
    ['an empty line', '\r\n'],
    ['a second STARTTLS', 'STARTTLS\r\n'],
  ])('%s in the same packet end the session before TLS has begun', async (_what, injected) => {
    const server = await everything({ transport, tls: 'starttls' });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO client.example.net')).toEqual([250]);
    client.write(`STARTTLS\r\n${injected}`);
    expect((await client.ended()).map((line) => line.slice(0, 9))).toEqual(['554 5.5.0']);
    expect(commandsOf(server)).toEqual(['EHLO client.example.net', 'STARTTLS']);
    expect(server.eventsOf('secured')).toEqual([]);
    await server.stop();
  });

  it.each([
    ['whole commands', INJECTED],
    ['half a command', 'MAIL FROM:<injected@exa'],
    ['half of mail data', 'DATA\r\ninjected'],
  ])('%s are dropped where the verb is told to drop, and not put before what comes', async (_what, injected) => {
    const server = await everything({ transport, tls: 'starttls', plugins: dropping });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO client.example.net')).toEqual([250]);
    client.write(`STARTTLS\r\n${injected}`);
    expect((await client.reply()).code).toBe(220);
    const secured = new TestClient(await secure(client.stream));
    // No reply to anything that was injected is in the way of these, and no half line before them.
    expect(await secured.commands('NOOP', 'MAIL FROM:<a@example.net>', 'EHLO again.example.net')).toEqual([
      250, 503, 250,
    ]);
    expect(commandsOf(server).slice(1)).toEqual([
      'STARTTLS',
      'NOOP',
      'MAIL FROM:<a@example.net>',
      'EHLO again.example.net',
    ]);
    expect(server.eventsOf('limitReached').map(({ args }) => args[1])).toEqual(['pipelining']);
    await server.stop();
  });

  it.each([
    ['close', EVERYTHING],
    ['drop', dropping],
  ])('commands in a later packet are no TLS, and end the handshake (injected: %s)', async (_injected, plugins) => {
    const server = await everything({ transport, tls: 'starttls', plugins });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO client.example.net', 'STARTTLS')).toEqual([250, 220]);
    client.write(INJECTED);
    // Perhaps an alert, which is no line.
    await client.ended().catch(() => []);
    while (server.server.sessions > 0) await turn();
    expect(commandsOf(server)).toEqual(['EHLO client.example.net', 'STARTTLS']);
    expect(server.eventsOf('sessionClosed').map(({ args }) => args[1].cause)).toEqual(['tls']);
    expect(server.eventsOf('faultCaught')).toEqual([]);
    expect(server.messages).toEqual([]);
    await server.stop();
  });

  it('commands before the first record of the client are no TLS, even if the handshake follows', async () => {
    const server = await everything({ transport, tls: 'starttls' });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO client.example.net', 'STARTTLS')).toEqual([250, 220]);
    client.write('NOOP\r\n');
    await expect(secure(client.stream)).rejects.toThrow();
    await settle();
    expect(commandsOf(server)).toEqual(['EHLO client.example.net', 'STARTTLS']);
    await server.stop();
  });
});

const ofConnection = slot<string>('a04-of-connection', 'connection');

/** Notes what it learns at each stage, and what the session knows when MAIL comes. */
class Remembers implements Policy {
  readonly seen: object[] = [];
  connect = () => pass({ at: 'connect' });
  helo({ session, name }: { session: Session; name: string }) {
    session.set(ofConnection, `${session.get(ofConnection) ?? ''}${name};`);
    return pass({ at: 'helo', name });
  }
  mail({ session }: { session: Session }) {
    const { heloName, identity, annotations, forwarded, remoteAddress } = session;
    const notes = annotations.map(({ value }) => value);
    this.seen.push({ heloName, identity, notes, slot: session.get(ofConnection), forwarded, remoteAddress });
    return pass();
  }
  rcpt = () => accept();
}

function remembering(): { readonly policy: Remembers; readonly plugins: typeof EVERYTHING } {
  const policy = new Remembers();
  const plugin = definePlugin({
    name: 'policy-remembers',
    register: (contribute) => contribute.policy('remembers', policy),
  });
  return { policy, plugins: [...EVERYTHING, use(plugin), usersPlugin({ ann: 'secret' })] };
}

const AFTERWARDS = {
  heloName: 'after.example.net',
  identity: undefined,
  notes: ['connect', 'helo', 'after.example.net'],
  slot: 'after.example.net;',
  forwarded: undefined,
};

describe('A4: of what was said in clear the session remembers', () => {
  it('no name and no note', async () => {
    const { policy, plugins } = remembering();
    const server = await everything({ tls: 'starttls', plugins });
    const client = await startTls(server);
    expect(await client.commands('MAIL FROM:<a@example.net>')).toEqual([503]);
    expect(await client.commands('EHLO after.example.net', 'MAIL FROM:<a@example.net>')).toEqual([250, 250]);
    expect(policy.seen).toEqual([{ ...AFTERWARDS, remoteAddress: '192.0.2.1' }]);
    await server.stop();
  });

  it('no identity: who said a password in clear says it again', async () => {
    const { policy, plugins } = remembering();
    const endpoint = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };
    const server = await everything({ tls: 'starttls', plugins, endpoint, authWithoutTls: 'loopback' });
    const client = server.client();
    await client.reply();
    const said = await client.commands('EHLO c', 'AUTH PLAIN AGFubgBzZWNyZXQ=', 'STARTTLS');
    expect(said).toEqual([250, 235, 220]);
    const secured = new TestClient(await secure(client.stream));
    expect(await secured.commands('EHLO after.example.net', 'MAIL FROM:<a@example.net>', 'RSET')).toEqual([
      250, 250, 250,
    ]);
    expect(policy.seen).toEqual([{ ...AFTERWARDS, remoteAddress: '127.0.0.1' }]);
    expect(await secured.commands('AUTH PLAIN AGFubgBzZWNyZXQ=')).toEqual([235]);
    await server.stop();
  });

  it('no second TLS within the first', async () => {
    const server = await everything({ tls: 'starttls' });
    const client = await startTls(server);
    const { lines } = await client.command('EHLO client.example.net');
    expect(lines).not.toContain('STARTTLS');
    expect(await client.commands('STARTTLS', 'STARTTLS now')).toEqual([503, 501]);
    await server.stop();
  });
});
