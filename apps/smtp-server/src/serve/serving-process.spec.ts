/** Reloads, with real servers: what new sessions get, what old ones keep, and that what is wrong changes nothing. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from '@mailverb/core';
import { EXIT } from '../cli/io.js';
import { main } from '../cli/main.js';
import { FakeIo, folderWith } from '../testing/fake-io.js';

/** A logger whose lines a spec can see: kept where the module is, in the realm of Node itself. */
const LOGGER = `
export const lines = [];
const logger = { enabled: () => true, child: () => logger };
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
  logger[level] = (fields, message) => void lines.push([level, message, fields.reason]);
export default { name: 'lines', register: (contribute) => contribute.service(Symbol.for('mailverb:Logger'), logger) };
`;

let folder: ReturnType<typeof folderWith>;
let port = 0;
beforeEach(async () => {
  folder = folderWith({ 'lines.mjs': LOGGER });
  port = await freePort();
});
afterEach(() => folder.remove());

const write = (yaml: string) => writeFileSync(join(folder.path, 'config.yaml'), yaml);
const config = (hostname: string, more = '') =>
  `hostname: ${hostname}\nlogger: ./lines.mjs\ndelivery: discard\n${more}listeners: [{ name: mx, port: ${port} }]\n`;

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A client that reads line by line. */
class Client {
  private text = '';
  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (chunk: string) => (this.text += chunk));
  }
  static async at(where = port): Promise<Client> {
    const socket = connect(where, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  }
  async line(command?: string): Promise<string> {
    if (command !== undefined) this.socket.write(`${command}\r\n`);
    while (!this.text.includes('\r\n')) await once(this.socket, 'data');
    const [line = '', ...rest] = this.text.split('\r\n');
    this.text = rest.join('\r\n');
    return line;
  }
}

async function serve(io: FakeIo) {
  const done = main(['serve', '--config', 'config.yaml'], io);
  await Promise.race([io.told('ready'), done]);
  const { lines } = (await io.importModule(`file://${join(folder.path, 'lines.mjs')}`)) as { lines: string[][] };
  const reload = async (result: string, times = 1) => {
    io.reload();
    await io.told(result, times);
  };
  return { done, lines, reload };
}

describe('a reload', () => {
  it('gives new sessions the new configuration, and leaves the old ones theirs', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path);
    const { done, reload } = await serve(io);
    const old = await Client.at();
    expect(await old.line()).toMatch(/^220 one\.example\.org /);
    write(config('two.example.org'));
    await reload('reloaded');
    expect(await (await Client.at()).line()).toMatch(/^220 two\.example\.org /);
    expect(await old.line('HELO x')).toBe('250 one.example.org');
    io.signal('SIGTERM');
    expect(await old.line()).toMatch(/^421 /);
    expect(await done).toBe(EXIT.ok);
    expect(io.supervised).toEqual(['ready 1', 'reloading', 'reloaded', 'stopping']);
    expect(io.handlers).toBe(0);
  });

  it('of a wrong file changes nothing, and says all that is wrong', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path);
    const { done, lines, reload } = await serve(io);
    write('hostnam: x\ndelivery: discrad\n');
    await reload('not reloaded');
    expect(lines.filter(([level]) => level === 'error')).toEqual([
      ['error', 'the configuration was not reloaded', 'hostnam: unknown key; did you mean "hostname"?'],
      ['error', 'the configuration was not reloaded', expect.stringContaining('did you mean "discard"?')],
    ]);
    expect(await (await Client.at()).line()).toMatch(/^220 one\./);
    write(config('two.example.org'));
    await reload('reloaded');
    expect(await (await Client.at()).line()).toMatch(/^220 two\./);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });

  it('that can not start changes nothing: the listener that it had taken over is given back', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path);
    const { done, lines, reload } = await serve(io);
    const taken = createTcpServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const other = (taken.address() as AddressInfo).port;
    write(config('two.example.org').replace(/\]\n$/, `, { port: ${other} }]\n`));
    await reload('not reloaded');
    expect(lines.at(-1)).toEqual([
      'error',
      'the configuration was not reloaded',
      `listeners[1].port: 127.0.0.1:${other} is already in use`,
    ]);
    expect(await (await Client.at()).line()).toMatch(/^220 one\./);
    taken.close();
    await once(taken, 'close');
    await reload('reloaded');
    expect(await (await Client.at()).line()).toMatch(/^220 two\./);
    expect(await (await Client.at(other)).line()).toMatch(/^220 two\./);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });

  it('may come many times at once: they go one after the other, and the last is what counts', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path);
    const { done } = await serve(io);
    for (let i = 0; i < 10; i++) {
      write(config(`host${i}.example.org`));
      io.reload();
    }
    await io.told('reloaded', 10);
    expect(await (await Client.at()).line()).toMatch(/^220 host9\./);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });

  it('counts sessions of old and new together', async () => {
    write(config('one.example.org', 'limits: { connections: 2 }\n'));
    const io = new FakeIo(folder.path);
    const { done, reload } = await serve(io);
    const first = await Client.at();
    await first.line();
    await reload('reloaded');
    const second = await Client.at();
    expect(await second.line()).toMatch(/^220 /);
    expect(await (await Client.at()).line()).toMatch(/^421 .*limit connections/);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });

  it('says that some keys are read at the start only', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path);
    const { done, lines, reload } = await serve(io);
    write(config('one.example.org', 'health: { port: 1 }\n'));
    await reload('reloaded');
    expect(lines.filter(([level]) => level === 'warn')).toEqual([
      ['warn', expect.stringMatching(/^processes, health, user and group are read at the start only/), undefined],
    ]);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });

  it('that is under way when the server is told to stop ends with it', async () => {
    write(config('one.example.org'));
    const servers: Server[] = [];
    let goOn: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    let begun: () => void = () => undefined;
    const second = new Promise<void>((resolve) => (begun = resolve));
    const io = new FakeIo(folder.path, {
      create: async (plan) => {
        const server = await createServer(plan);
        servers.push(server);
        if (servers.length < 2) return server;
        return {
          assembly: server.assembly,
          sessions: 0,
          start: async (options) => {
            begun();
            await waiting;
            return server.start(options);
          },
          addresses: () => server.addresses(),
          accept: (...given) => server.accept(...given),
          retire: () => server.retire(),
          stop: (options) => server.stop(options),
        };
      },
    });
    const { done } = await serve(io);
    io.reload();
    await second;
    io.signal('SIGTERM');
    goOn();
    expect(await done).toBe(EXIT.ok);
    await expect(Client.at()).rejects.toThrow('ECONNREFUSED');
    expect(io.supervised).not.toContain('reloaded');
    expect(io.handlers).toBe(0);
  });

  it('that is asked for while the server starts is done when it has started', async () => {
    write(config('one.example.org'));
    const io = new FakeIo(folder.path, {
      create: async (plan) => {
        // Between the first look at the file and the start.
        if (plan.hostname === 'one.example.org') {
          write(config('two.example.org'));
          io.reload();
        }
        return createServer(plan);
      },
    });
    const { done } = await serve(io);
    await io.told('reloaded');
    expect(await (await Client.at()).line()).toMatch(/^220 two\./);
    io.signal('SIGTERM');
    expect(await done).toBe(EXIT.ok);
  });
});

describe('health', () => {
  const ask = async (path: string, where: number) => {
    const response = await fetch(`http://127.0.0.1:${where}${path}`);
    return { status: response.status, body: await response.text() };
  };

  it('outlives reloads, and knows when the server drains', async () => {
    write(config('one.example.org', 'observers: [metrics]\nhealth: { port: 0 }\n'));
    const io = new FakeIo(folder.path);
    const { done, reload } = await serve(io);
    const where = Number(/health on http:\/\/127\.0\.0\.1:(\d+)/.exec(io.stderr)?.[1]);
    expect(await ask('/ready', where)).toEqual({ status: 200, body: 'ready\n' });
    expect((await ask('/metrics', where)).body).toContain('mailverb_sessions_open');
    write(config('two.example.org', 'health: { port: 0 }\n'));
    await reload('reloaded');
    expect((await ask('/metrics', where)).status).toBe(404);
    write(config('two.example.org', 'observers: [metrics]\nhealth: { port: 0 }\n'));
    await reload('reloaded', 2);
    expect((await ask('/metrics', where)).status).toBe(200);

    const client = await Client.at();
    await client.line();
    await client.line('HELO x');
    await client.line('MAIL FROM:<a@example.org>');
    io.signal('SIGTERM');
    expect(await ask('/ready', where)).toEqual({ status: 503, body: 'draining\n' });
    expect((await ask('/live', where)).status).toBe(200);
    await client.line('RSET');
    client.socket.destroy();
    expect(await done).toBe(EXIT.ok);
    await expect(ask('/live', where)).rejects.toThrow();
  });

  it('that can not listen keeps the server from starting', async () => {
    const taken = createTcpServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const where = (taken.address() as AddressInfo).port;
    write(config('one.example.org', `health: { port: ${where} }\n`));
    const io = new FakeIo(folder.path);
    expect(await main(['serve', '--config', 'config.yaml'], io)).toBe(EXIT.failure);
    expect(io.stderr).toBe(`health.port: 127.0.0.1:${where} is already in use\n`);
    taken.close();
  });
});

describe('sockets that systemd has opened', () => {
  it('are used by name, and asked for by serve alone', async () => {
    write('logger: ./lines.mjs\ndelivery: discard\nlisteners: [{ systemd: smtp }]\n');
    const io = new FakeIo(folder.path);
    expect(await main(['check', '--config', 'config.yaml'], io)).toBe(EXIT.ok);
    io.sockets = new Map([['other', [3]]]);
    expect(await main(['serve', '--config', 'config.yaml'], io)).toBe(EXIT.configuration);
    expect(io.stderr).toBe(
      'listeners[0].systemd: no socket of this name was passed by systemd (there are: other) (it is "smtp")\n',
    );
  });
});
