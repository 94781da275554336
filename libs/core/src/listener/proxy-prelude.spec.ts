/** PROXY headers: whose are believed, what they change, and that nobody else's are (attacks A13, A16). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as secure } from 'node:tls';
import { formatProxyHeader, reply } from '@mailverb/protocol';
import { makeCertificate } from '@mailverb/certificates';
import { settle } from '../fixtures/clock.fixture.js';
import { codeOf } from '../fixtures/peer.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import { Credentials } from '../tls/credentials.js';
import { SocketEndpoint } from './endpoint.js';

const PEER = '192.0.2.1';
const GREETING = '220 mx.example.org';

const who = simple('WHO', () => ({ reply: reply(250, '2.0.0', 'ok') }), {
  perform: (_params, { remoteAddress, remotePort, localAddress, localPort }) => ({
    reply: reply(250, '2.0.0', [remoteAddress, remotePort, localAddress, localPort].join(' ')),
  }),
});

const sceneOf = (options: SceneOptions = {}) =>
  new Scene({ verbs: [who], trustedPeers: [PEER], proxyProtocol: true, ...options });

const V1 = 'PROXY TCP4 198.51.100.9 192.0.2.80 40000 465\r\n';
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const V2 = latin1(
  formatProxyHeader(
    {
      version: 2,
      local: false,
      source: { address: '198.51.100.9', port: 40_000 },
      destination: { address: '192.0.2.80', port: 465 },
      tlvs: [{ type: 0xe0, value: Uint8Array.of(13, 10) }],
    },
    { checksum: true },
  ),
);
const CLIENT = '250 2.0.0 198.51.100.9 40000 192.0.2.80 465';
const ITSELF = `250 2.0.0 ${PEER} 1 192.0.2.25 25`;

describe.each([
  ['version 1', V1, [554]],
  // Its first two lines are empty ones, which are answered like any.
  ['version 2', V2, [500, 500, 554]],
])("A trusted peer's PROXY header, %s", (_name, header, foreign) => {
  it("gives the session the client's addresses", async () => {
    const peer = sceneOf().connect();
    expect(await peer.heard()).toEqual([]);
    expect(await peer.send(header)).toEqual([GREETING]);
    expect(await peer.send('WHO\r\n')).toEqual([CLIENT]);
  });

  it('may come octet by octet', async () => {
    const peer = sceneOf().connect();
    for (const octet of header.slice(0, -1)) expect(await peer.send(octet)).toEqual([]);
    expect(await peer.send(header.slice(-1))).toEqual([GREETING]);
    expect(await peer.send('WHO\r\n')).toEqual([CLIENT]);
  });

  it.each([1, 5, 12, 16, 20, 30])('may be cut after %i octets, with a command behind it', async (at) => {
    const peer = sceneOf().connect();
    expect(await peer.send(header.slice(0, at))).toEqual([]);
    expect(await peer.send(`${header.slice(at)}WHO\r\n`)).toEqual([GREETING, CLIENT]);
  });

  it('may have commands behind it in the same packet', async () => {
    const peer = sceneOf().connect();
    expect(await peer.send(`${header}EHLO client\r\n`)).toEqual([GREETING, '250 hello']);
    expect(await peer.send('WHO\r\n')).toEqual([CLIENT]);
  });

  it('ends the session if it comes a second time', async () => {
    const scene = sceneOf();
    const peer = scene.connect();
    const answers = await peer.send(`${header}${header}WHO\r\n`);
    expect(answers[0]).toBe(GREETING);
    expect(answers.slice(1).map(codeOf)).toEqual(foreign);
    expect(peer.ended).toBe(true);
    const later = scene.connect();
    await later.send(header);
    expect((await later.send(`${header}WHO\r\n`)).map(codeOf)).toEqual(foreign);
    expect(later.ended).toBe(true);
  });

  it('is not believed of anybody else, and ends the session', async () => {
    const scene = sceneOf();
    const peer = scene.connect('192.0.2.2');
    expect(await peer.heard()).toEqual([GREETING]);
    expect((await peer.send(`${header}WHO\r\n`)).map(codeOf)).toEqual(foreign);
    expect(peer.ended).toBe(true);
    expect(scene.eventsOf('commandReceived').map(([, line]) => line)).not.toContain('WHO');
  });

  it('is not believed where the listener has no PROXY protocol', async () => {
    const peer = sceneOf({ proxyProtocol: false }).connect();
    expect(await peer.heard()).toEqual([GREETING]);
    expect((await peer.send(header)).map(codeOf)).toEqual(foreign);
    expect(peer.ended).toBe(true);
  });
});

describe('A trusted peer that speaks for nobody', () => {
  it.each([
    ['LOCAL', latin1(formatProxyHeader({ version: 2, local: true }))],
    ['UNSPEC', latin1(formatProxyHeader({ version: 2, local: false }))],
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'],
  ])('is itself: %s', async (_name, header) => {
    expect(await sceneOf().connect().send(`${header}WHO\r\n`)).toEqual([GREETING, ITSELF]);
  });
});

describe('Who may speak for others by XCLIENT (attack A16)', () => {
  const may = simple('MAY', () => ({ reply: reply(250, '2.0.0', 'you may') }), {
    available: ({ trustedPeer }) => trustedPeer,
  });

  it.each([
    ['a peer that speaks for itself', 'PROXY UNKNOWN\r\n', 250],
    ['no client that it presents', V1, 500],
    ['no client that has a trusted address', `PROXY TCP4 ${PEER} 192.0.2.80 40000 25\r\n`, 500],
  ])('is %s', async (_who, header, code) => {
    const peer = sceneOf({ verbs: [may] }).connect();
    await peer.send(header);
    expect((await peer.send('MAY\r\n')).map(codeOf)).toEqual([code]);
  });
});

describe('Clients of a trusted peer', () => {
  const header = (address: string) =>
    latin1(
      formatProxyHeader({
        version: 1,
        local: false,
        source: { address, port: 1 },
        destination: { address: '192.0.2.80', port: 25 },
      }),
    );

  it('are counted by their own network, and not by the peer', async () => {
    const scene = sceneOf({ limits: { connectionsPerAddress: 1 } });
    expect(await scene.connect().send(header('198.51.100.1'))).toEqual([GREETING]);
    expect(await scene.connect().send(header('198.51.100.2'))).toEqual([GREETING]);
    expect(await scene.connect().send(header('198.51.100.1'))).toEqual([expect.stringMatching(/^421 4\.7\.0 /)]);
    expect(await scene.connect().send(header('2001:db8:0:1::1'))).toEqual([GREETING]);
    // The same /64, written as no session would have it.
    expect(await scene.connect().send('PROXY TCP6 2001:DB8:0:1:0:0:0:2 ::1 1 25\r\n')).toEqual([
      expect.stringMatching(/^421 4\.7\.0 /),
    ]);
    // An IPv4 address within IPv6 is the same client.
    expect(await scene.connect().send('PROXY TCP6 ::ffff:198.51.100.2 ::1 1 25\r\n')).toEqual([
      expect.stringMatching(/^421 4\.7\.0 /),
    ]);
  });

  it('need no header if they come without the peer, and are what they are', async () => {
    const scene = sceneOf();
    const peer = scene.connect('192.0.2.2');
    await peer.heard();
    expect(await peer.send('WHO\r\n')).toEqual(['250 2.0.0 192.0.2.2 1 192.0.2.25 25']);
  });

  it('without a header yet are counted, too', async () => {
    const scene = sceneOf({ limits: { connections: 2 } });
    const [first] = [scene.connect(), scene.connect()];
    expect(await scene.connect().heard()).toEqual([expect.stringMatching(/^421 4\.3\.2 /)]);
    first.stream.destroy();
    await settle();
    expect(await scene.connect().send(V1)).toEqual([GREETING]);
  });
});

describe('A trusted peer without a right header', () => {
  it.each([
    ['EHLO client\r\n'],
    ['\x16\x03\x01'],
    ['PROXY TCP4 198.51.100.9 192.0.2.80 40000\r\n'],
    [`PROXY UNKNOWN ${'x'.repeat(200)}`],
    ['PROXY TCP4 198.51.100.9 192.0.2.80 40000 25\n'],
    [`${V2.slice(0, 19)}\n${V2.slice(20)}`],
  ])('is not served, and hears nothing: %j', async (bytes) => {
    const scene = sceneOf();
    const peer = scene.connect();
    expect(await peer.send(bytes)).toEqual([]);
    expect(peer.ended).toBe(true);
    expect(scene.eventsOf('sessionOpened')).toEqual([]);
    expect(scene.listener.connections.size).toBe(0);
  });

  it('has so much time and no more', async () => {
    const scene = sceneOf({ timeouts: { proxyHeader: '5s' } });
    const peer = scene.connect();
    // Octets do not win time (attack A15).
    for (let second = 0; second < 4; second++) {
      await peer.send('PROXY TCP4 '.charAt(second));
      await scene.clock.pass(1000);
    }
    expect(peer.ended).toBe(false);
    await scene.clock.pass(2000);
    expect(await peer.heard()).toEqual([]);
    expect(peer.ended).toBe(true);
    expect(scene.eventsOf('limitReached')).toEqual([[undefined, 'timeouts.proxyHeader']]);
    expect(scene.clock.pending).toBe(0);
  });

  it('has all of that time, though nothing happened for an hour', async () => {
    const scene = sceneOf({ timeouts: { proxyHeader: '5s' } });
    await scene.clock.pass(3_600_000);
    const peer = scene.connect();
    await scene.clock.pass(4000);
    expect(await peer.send(V1)).toEqual([GREETING]);
  });

  it('may leave at any octet, and no deadline is left behind', async () => {
    for (let at = 0; at < V1.length; at += 9) {
      const scene = sceneOf();
      const peer = scene.connect();
      await peer.send(V1.slice(0, at));
      if (at % 2 === 0) peer.stream.reset();
      else peer.stream.end();
      await settle();
      expect(scene.clock.pending).toBe(0);
      await scene.listener.drain();
    }
  });

  it('is not waited for when the listener drains', async () => {
    const scene = sceneOf();
    const peer = scene.connect();
    await peer.send('PROXY ');
    await scene.listener.drain();
    expect(await peer.heard()).toEqual([]);
    expect(peer.ended).toBe(true);
  });
});

describe('A PROXY header before implicit TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverb-proxy-'));
  const pair = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  let ca = '';
  const sockets: Socket[] = [];
  const servers: Server[] = [];

  beforeAll(async () => {
    const made = await makeCertificate({ names: ['mx.example.org'] });
    ca = made.cert;
    writeFileSync(pair.cert, made.cert);
    writeFileSync(pair.key, made.key);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function connect(trusted: string): Promise<Socket> {
    const credentials = new Credentials({ mode: 'implicit', certificates: [pair] }, 'spec');
    const tls = { mode: 'implicit', clientCertificates: 'none', credentials } as const;
    const { listener } = sceneOf({ tls, trustedPeers: [trusted] });
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      listener.accept(socket, new SocketEndpoint(socket));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const socket = dial(address.port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** A connection whose first write has `header` before it, so that both are one packet. */
  function behind(header: string, socket: Socket): Duplex {
    let prefix = Buffer.from(header, 'latin1');
    const stream = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        socket.write(Buffer.concat([prefix, chunk]), () => done());
        prefix = Buffer.alloc(0);
      },
    });
    socket.on('data', (chunk) => stream.push(chunk));
    socket.on('close', () => stream.destroy());
    return stream;
  }

  async function whoWithin(stream: Duplex): Promise<string> {
    const tls = secure({ socket: stream, servername: 'mx.example.org', ca });
    tls.on('error', () => {});
    let text = '';
    tls.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    await once(tls, 'secureConnect');
    tls.write('WHO\r\n');
    while (!text.includes('250 ')) await once(tls, 'data');
    return text;
  }

  it.each([
    ['version 1', V1],
    ['version 2', V2],
  ])('is read in clear, and all else within TLS: %s', async (_name, header) => {
    const socket = await connect('127.0.0.1');
    socket.write(header, 'latin1');
    expect(await whoWithin(socket)).toBe(`${GREETING}\r\n${CLIENT}\r\n`);
  });

  it('may be in one packet with the first octets of TLS', async () => {
    const socket = await connect('127.0.0.1');
    expect(await whoWithin(behind(V2, socket))).toBe(`${GREETING}\r\n${CLIENT}\r\n`);
  });

  it.each([
    ['no header, of a trusted peer', '127.0.0.1', ''],
    ['a header, of anybody else', '192.0.2.1', V1],
  ])('with %s there is no handshake', async (_name, trusted, header) => {
    const socket = await connect(trusted);
    const tls = secure({ socket: behind(header, socket), servername: 'mx.example.org', ca });
    let secured = false;
    tls.on('secureConnect', () => void (secured = true));
    tls.on('error', () => {});
    await once(socket, 'close');
    expect(secured).toBe(false);
  });
});
