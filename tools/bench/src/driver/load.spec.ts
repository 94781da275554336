import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { makeCertificate } from '@mailverb/certificates';
import { SCENARIOS, type Load } from '../scenarios.js';
import { respond } from '../servers/raw-connection.js';
import { pour } from './hostile.js';
import { hold, release } from './idle.js';
import { runWindow } from './load.js';

const LOAD: Load = { style: 'serial', size: 1024, dots: false, perConnection: 3 };

describe('the driver', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  async function listen(serve: (socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  afterEach(async () => {
    release();
    for (const socket of sockets) socket.destroy();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
    server = undefined;
  });

  it.each(SCENARIOS)('plays $name to its end', async ({ load }) => {
    const made = await makeCertificate();
    const context = createSecureContext(made);
    const port = await listen((socket) => respond(socket, context));
    // Without time, each connection ends behind the message that is under way: the first, or with chained ones the second.
    const result = await runWindow({ port, load, connections: 3, milliseconds: 0 });
    expect(result.messages).toBe(load.style === 'chain' ? 6 : 3);
    expect(result.p99).toBeGreaterThan(0);
  });

  it('counts all messages of a connection', async () => {
    const port = await listen(respond);
    let connections = 0;
    server?.on('connection', () => connections++);
    const { messages } = await runWindow({ port, load: LOAD, connections: 2, milliseconds: 50 });
    // The connections that the end of time found under way are cut short.
    expect(messages).toBeLessThanOrEqual(connections * 3);
    expect(messages).toBeGreaterThan((connections - 2) * 3);
  });

  it('fails at the first refusal', async () => {
    const port = await listen((socket) => {
      socket.write('220 hello\r\n');
      socket.on('data', () => socket.write('550 5.7.1 no\r\n'));
    });
    const window = runWindow({ port, load: LOAD, connections: 2, milliseconds: 0 });
    await expect(window).rejects.toThrow('expected reply 250, got: 550 5.7.1 no');
  });

  it('fails if the server closes early, also when nothing is outstanding', async () => {
    const port = await listen((socket) => {
      respond(socket);
      socket.once('data', () => socket.end());
    });
    await expect(runWindow({ port, load: LOAD, connections: 1, milliseconds: 0 })).rejects.toThrow('closed');
  });

  it('holds greeted connections until they are released', async () => {
    const port = await listen(respond);
    await hold({ port, connections: 5 });
    expect(sockets.size).toBe(5);
    const gone = Promise.all([...sockets].map((socket) => once(socket, 'close')));
    release();
    await gone;
    expect(sockets.size).toBe(0);
  });

  it('pours until all is sent', async () => {
    const port = await listen(respond);
    const result = await pour({ port, first: ['EHLO x\r\n'], unit: 'NOOP\r\n', times: 20_000, lingerMs: 0 });
    expect(result).toEqual({ end: 'sent', octets: 120_008 });
  });

  it('says so if the server closes while it pours', async () => {
    const port = await listen((socket) => {
      socket.write('220 hello\r\n');
      socket.once('data', () => socket.destroy());
    });
    const result = await pour({ port, first: [], unit: 'NOOP\r\n', times: 10_000_000, lingerMs: 0 });
    expect(result.end).toBe('closed');
  });
});
