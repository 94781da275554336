/** A listener: how many it takes, where it listens, how it ends (attack A13). */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { settle } from '../fixtures/clock.fixture.js';
import { Scene } from '../fixtures/scene.fixture.js';
import { Listener } from './listener.js';

describe('Listener, its limits', () => {
  it('takes so many connections and no more, and as many again when they have gone', async () => {
    const scene = new Scene({ limits: { connections: 2 } });
    const [first, , third] = [scene.connect('192.0.2.1'), scene.connect('192.0.2.2'), scene.connect('192.0.2.3')];
    expect(await third.heard()).toEqual(['421 4.3.2 too many connections (limit connections)']);
    expect(third.ended).toBe(true);
    expect(scene.listener.connections.size).toBe(2);
    first.stream.destroy();
    await settle();
    expect(await scene.connect('192.0.2.3').heard()).toEqual(['220 mx.example.org']);
    expect(scene.eventsOf('limitReached').map(([, name]) => name)).toEqual(['connections']);
  });

  it.each([
    ['an IPv4 address', ['192.0.2.1', '192.0.2.1'], '192.0.2.1', '192.0.2.2'],
    [
      'the /64 of an IPv6 address',
      ['2001:db8:0:1::1', '2001:db8:0:1:ffff::'],
      '2001:db8:0:1:2:3:4:5',
      '2001:db8:0:2::1',
    ],
    ['a short IPv6 address', ['::1', '::2'], '::3', '1::'],
  ])('counts %s', async (_, before, full, free) => {
    const scene = new Scene({ limits: { connectionsPerAddress: 2 } });
    for (const address of before) expect(await scene.connect(address).heard()).toEqual(['220 mx.example.org']);
    expect(await scene.connect(full).heard()).toEqual([
      '421 4.7.0 too many connections from your address (limit connectionsPerAddress)',
    ]);
    expect(await scene.connect(free).heard()).toEqual(['220 mx.example.org']);
  });

  it('does not count those that were turned away, nor those without an address', async () => {
    const scene = new Scene({ limits: { connectionsPerAddress: 1 } });
    const first = scene.connect();
    for (let i = 0; i < 3; i++) scene.connect();
    await settle();
    first.stream.destroy();
    await settle();
    expect(await scene.connect().heard()).toEqual(['220 mx.example.org']);
    for (let i = 0; i < 3; i++) expect(await scene.connect('').heard()).toEqual(['220 mx.example.org']);
  });

  it.each([undefined, 'connections', 'failure'] as const)(
    'one that retires waits for clients about whom others are still asked (answer: %s)',
    async (answer) => {
      let tell: () => void = () => undefined;
      const scene = new Scene({
        admission: {
          enter: () =>
            new Promise((resolve, reject) => {
              tell = () => (answer === 'failure' ? reject(new Error('nobody answers')) : resolve(answer));
            }),
          leave: () => undefined,
        },
      });
      const client = scene.connect();
      let retired = false;
      const retiring = scene.listener.retire().then(() => (retired = true));
      await settle();
      expect(retired).toBe(false);
      tell();
      await settle();
      // One that is let in is served to its end.
      expect(retired).toBe(answer !== undefined);
      if (answer === undefined) expect(await client.heard()).toEqual(['220 mx.example.org']);
      client.stream.destroy();
      await retiring;
    },
  );

  it('a connection that fails while it is turned away harms nobody', async () => {
    const scene = new Scene({ limits: { connections: 1 } });
    scene.connect();
    const second = scene.connect();
    second.stream.reset();
    await settle();
    expect(scene.listener.connections.size).toBe(1);
  });
});

describe('Listener, its socket', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailverb-spec-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const open: Listener[] = [];
  afterEach(async () => {
    for (const listener of open.splice(0)) {
      listener.destroy();
      await listener.drain();
    }
  });

  function listenerAt(address: ConstructorParameters<typeof Listener>[1]): Listener {
    const listener = new Listener(new Scene().listener.runtime, address);
    open.push(listener);
    return listener;
  }

  async function greetingAt(address: { port?: number; host?: string; path?: string }): Promise<string> {
    const socket = connect(
      address.path === undefined ? { port: address.port ?? 0, host: address.host } : { path: address.path },
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return chunk.toString();
  }

  it('is on the loopback address and a free port, if nothing else is said', async () => {
    const listener = listenerAt({ port: 0 });
    expect(listener.bound()).toBeUndefined();
    await listener.listen();
    const bound = listener.bound();
    expect(bound).toEqual({ listener: 'spec', host: '127.0.0.1', port: expect.any(Number) });
    expect(await greetingAt({ port: bound?.port ?? 0, host: '127.0.0.1' })).toBe('220 mx.example.org\r\n');
  });

  it('knows the addresses of both ends, IPv4 in its own form', async () => {
    const listener = listenerAt({ port: 0, host: '::' });
    await listener.listen().catch(() => {});
    const port = listener.bound()?.port;
    // A machine without IPv6 has nothing to map.
    if (port === undefined) return;
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'data');
    const [connection] = listener.connections;
    expect(connection?.conversation.session).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: socket.localPort,
      localAddress: '127.0.0.1',
      localPort: port,
    });
    socket.destroy();
  });

  it('may be a path', async () => {
    const path = join(directory, 'a.sock');
    const listener = listenerAt({ path });
    await listener.listen();
    expect(listener.bound()).toEqual({ listener: 'spec', path });
    expect(await greetingAt({ path })).toBe('220 mx.example.org\r\n');
  });

  it('is not opened where there is none', async () => {
    const listener = listenerAt({});
    await listener.listen();
    expect(listener.bound()).toBeUndefined();
  });

  it('that another has is an error, and so is a path where somebody answers', async () => {
    const path = join(directory, 'b.sock');
    const other = createServer();
    other.listen({ path });
    await once(other, 'listening');
    await expect(listenerAt({ path }).listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const first = listenerAt({ port: 0 });
    await first.listen();
    await expect(listenerAt({ port: first.bound()?.port ?? 0 }).listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => other.close(resolve));
  });

  it('is closed when it drains, and waits for who is still there', async () => {
    const listener = listenerAt({ port: 0 });
    await listener.listen();
    const port = listener.bound()?.port ?? 0;
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'data');
    const drained = listener.drain();
    const [goodbye] = (await once(socket, 'data')) as [Buffer];
    expect(goodbye.toString()).toBe('421 4.3.2 server is shutting down\r\n');
    socket.destroy();
    await drained;
    expect(listener.bound()).toBeUndefined();
    await expect(greetingAt({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
