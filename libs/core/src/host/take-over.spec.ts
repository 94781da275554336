/** A new assembly goes on with the sockets of an old one, whose sessions end by themselves. */
import { connect, createServer as listenAt, type Socket } from 'node:net';
import { once } from 'node:events';
import { token, type PluginUse } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { settle } from '../fixtures/clock.fixture.js';
import { everybody, planOf, plugin, verbs } from '../fixtures/plan.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import { createServer } from './create-server.js';
import type { ListenerPlan } from './plan.js';
import type { Server } from './server.js';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop({ deadlineMs: 1000 })));
});

/** A server that says which it is. */
async function generation(
  name: string,
  listener: Partial<ListenerPlan>,
  plugins: readonly PluginUse[] = [],
): Promise<Server> {
  const says = plugin(`verb-${name}`, (c) => c.verb(simple('WHICH', () => ({ reply: reply(250, '2.0.0', name) }))));
  const server = await createServer(planOf({ plugins: [verbs, everybody, says], ...listener }, plugins));
  servers.push(server);
  return server;
}

async function freePort(): Promise<number> {
  const server = listenAt().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^220 /);
  return socket;
}

async function which(socket: Socket): Promise<string> {
  socket.write('WHICH\r\n');
  return String((await once(socket, 'data'))[0]).slice(4, -2);
}

describe('A server that takes over', () => {
  it('gets the next connection, on the same socket, while the sessions of the old one go on', async () => {
    const port = await freePort();
    const old = await generation('old', { port });
    await old.start();
    const early = await dial(port);
    const next = await generation('new', { port });
    await next.start({ takeOver: old });
    let retired = false;
    const retiring = old.retire().then(() => (retired = true));
    const late = await dial(port);
    expect([await which(early), await which(late)]).toEqual(['old', 'new']);
    expect(old.addresses()).toEqual([]);
    expect(next.addresses()).toEqual([{ listener: 'mx', host: '127.0.0.1', port }]);
    await settle();
    expect(retired).toBe(false);
    early.end('QUIT\r\n');
    await retiring;
    expect(await which(late)).toBe('new');
  });

  it('loses no connection that is made in between', async () => {
    const port = await freePort();
    let current = await generation('g0', { port });
    await current.start();
    const said: string[] = [];
    for (let i = 1; i <= 5; i++) {
      const dialled = Array.from({ length: 10 }, () => dial(port));
      const next = await generation(`g${i}`, { port });
      await next.start({ takeOver: current });
      void current.retire();
      current = next;
      for (const socket of await Promise.all(dialled)) said.push(await which(socket));
    }
    expect(said).toHaveLength(50);
  });

  it('gives the sockets back if it can not start', async () => {
    const [port, taken] = [await freePort(), await freePort()];
    const old = await generation('old', { port });
    await old.start();
    const blocker = listenAt().listen(taken, '127.0.0.1');
    await once(blocker, 'listening');
    const next = await createServer({
      ...planOf({ port }),
      listeners: [
        { ...planOf({ port }).listeners[0], name: 'same', port, plugins: [verbs, everybody] },
        { ...planOf({ port }).listeners[0], name: 'other', port: taken, plugins: [verbs, everybody] },
      ],
    });
    await expect(next.start({ takeOver: old })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await which(await dial(port))).toBe('old');
    blocker.close();
  });

  it('leaves a socket that it has no use for to be closed', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const old = await generation('old', { port });
    await old.start();
    const next = await generation('new', { port: other });
    await next.start({ takeOver: old });
    await old.retire();
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await which(await dial(other))).toBe('new');
  });

  it('has its plugins started before the socket is taken, and the old ones stopped after the last old session', async () => {
    const log: string[] = [];
    const living = (name: string) =>
      plugin(`service-${name}`, (c) =>
        c.service(token(`spec:${name}`), {
          start: () => void log.push(`start ${name}`),
          stop: () => void log.push(`stop ${name}`),
        }),
      );
    const port = await freePort();
    const old = await generation('old', { port }, [living('old')]);
    await old.start();
    const early = await dial(port);
    const next = await generation('new', { port }, [living('new')]);
    await next.start({ takeOver: old });
    const retiring = old.retire();
    await settle();
    expect(log).toEqual(['start old', 'start new']);
    early.destroy();
    await retiring;
    expect(log).toEqual(['start old', 'start new', 'stop old']);
  });

  it('is stopped with the one that retires, by the deadline', async () => {
    const port = await freePort();
    const old = await generation('old', { port });
    await old.start();
    const early = await dial(port);
    const next = await generation('new', { port });
    await next.start({ takeOver: old });
    const retiring = old.retire();
    early.write('EHLO c\r\nMAIL FROM:<a@example.org>\r\n');
    await once(early, 'data');
    const closed = once(early, 'close');
    await Promise.all([old.stop({ deadlineMs: 50 }), next.stop({ deadlineMs: 50 }), retiring]);
    await closed;
  });
});
