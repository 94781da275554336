/** The process that starts the others, with workers that do as they are told. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../cli/io.js';
import { main } from '../cli/main.js';
import { FakeIo, folderWith } from '../testing/fake-io.js';
import { settled } from '../testing/fake-time.js';
import { fakeWorkers, type FakeWorker } from '../testing/fake-worker.js';

const LOGGER = `
export const lines = [];
const logger = { enabled: () => true, child: () => logger };
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
  logger[level] = (fields, message) => void lines.push([level, message, fields.reason ?? fields.worker]);
export default { name: 'lines', register: (contribute) => contribute.service(Symbol.for('mailverb:Logger'), logger) };
`;

let folder: ReturnType<typeof folderWith>;
beforeEach(() => (folder = folderWith({ 'lines.mjs': LOGGER })));
afterEach(() => folder.remove());

/** Of the event loop, after which nothing more is waited for. */
const TURNS = 100_000;

const write = (yaml: string) => writeFileSync(join(folder.path, 'config.yaml'), yaml);
const config = (more = '') =>
  `processes: 2\nlogger: ./lines.mjs\ndelivery: discard\nlisteners: [{ port: 25 }]\n${more}`;

function make(yaml = config()) {
  write(yaml);
  const io = new FakeIo(folder.path);
  const workers = fakeWorkers();
  io.startWorker = workers.start;
  const done = main(['serve', '--config', 'config.yaml'], io);
  const worker = async (i: number): Promise<FakeWorker> => {
    for (let turns = 0; turns < TURNS; turns++) {
      const found = workers.all[i];
      if (found !== undefined) return found;
      await settled();
    }
    throw new Error(`there is no worker ${i}`);
  };
  const lines = async () => {
    const module = (await io.importModule(`file://${join(folder.path, 'lines.mjs')}`)) as { lines: unknown[][] };
    return module.lines;
  };
  const started = async () => {
    (await worker(0)).ready();
    (await worker(1)).ready();
    await io.told('ready');
  };
  /** Waits until a worker was told so. */
  const told = async (i: number, order: string) => {
    const one = await worker(i);
    for (let turns = 0; turns < TURNS && !one.told.includes(order); turns++) await settled();
    expect(one.told).toContain(order);
    return one;
  };
  const end = async () => {
    io.signal('SIGTERM');
    for (const [i, one] of workers.all.entries()) {
      await told(i, 'stop');
      one.end({ code: 0, signal: null });
    }
    return done;
  };
  return { io, workers, done, worker, lines, started, told, end };
}

describe('several processes', () => {
  it('are started, and it is said once where they listen', async () => {
    const { io, started, end, workers } = make();
    await started();
    expect(io.stderr).toBe(
      'listening on 127.0.0.1:25 (SMTP, mx)\nmail goes nowhere: it is accepted and thrown away\n' + NOTE,
    );
    expect(io.supervised).toEqual(['ready 1']);
    expect(await end()).toBe(EXIT.ok);
    expect(workers.all.map(({ told }) => told)).toEqual([['stop'], ['stop']]);
    expect(io.supervised).toEqual(['ready 1', 'stopping']);
    expect(io.handlers).toBe(0);
  });

  it.each([78, 1, 70])('that can not start the first time end the whole with %d', async (code) => {
    const { done, worker, workers, io } = make();
    (await worker(0)).end({ code, signal: null });
    expect(await done).toBe(code);
    expect(workers.all).toHaveLength(1);
    expect(io.handlers).toBe(0);
  });

  it('that are killed the first time end it too, and those that serve already are told to stop', async () => {
    const { done, worker, told } = make();
    (await worker(0)).ready();
    (await worker(1)).end({ code: null, signal: 'SIGSEGV' });
    (await told(0, 'stop')).end({ code: 0, signal: null });
    expect(await done).toBe(EXIT.failure);
  });

  it('are not started for a wrong configuration', async () => {
    const { done, io, workers } = make('processes: 2\ndelivery: discrad\n');
    expect(await done).toBe(EXIT.configuration);
    expect(io.stderr).toContain('did you mean "discard"?');
    expect(workers.all).toEqual([]);
  });

  it('are cut short by a second signal', async () => {
    const { io, started, told, done, workers } = make();
    await started();
    io.signal('SIGINT');
    await told(0, 'stop');
    io.signal('SIGINT');
    expect(io.exits).toEqual([EXIT.failure]);
    expect(workers.all.map(({ killed }) => killed)).toEqual([true, true]);
    expect(await done).toBe(EXIT.failure);
  });

  it('that are told to stop while they start, stop', async () => {
    const { io, worker, told, done, workers } = make();
    await worker(0);
    io.signal('SIGTERM');
    (await told(0, 'stop')).end({ code: 0, signal: null });
    expect(await done).toBe(EXIT.ok);
    expect(workers.all).toHaveLength(1);
    expect(io.supervised).toEqual(['stopping']);
  });

  it('open their logs anew when this one is told to', async () => {
    const { io, started, told, end } = make();
    await started();
    io.reopen();
    await told(0, 'reopen');
    await told(1, 'reopen');
    expect(await end()).toBe(EXIT.ok);
  });

  it('become another user once all have opened their ports', async () => {
    const { io, started, end } = make(config('user: mail\ngroup: post\n'));
    await settled();
    expect(io.became).toEqual([]);
    await started();
    expect(io.became).toEqual([['mail', 'post']]);
    expect(await end()).toBe(EXIT.ok);
  });

  it('are not started anew for ever where their sockets can not be had again', async () => {
    const { io, started, done, workers, lines, worker } = make(config('user: mail\n'));
    const failed = { code: 1, signal: null };
    await started();
    workers.all[0]?.end({ code: null, signal: 'SIGKILL' });
    workers.all[1]?.end({ code: null, signal: 'SIGKILL' });
    (await worker(2)).end(failed);
    // The other slot's, unless the end came first.
    const other = worker(3).then(
      (one) => one.end(failed),
      () => undefined,
    );
    await Promise.race([other, done]);
    expect(await done).toBe(EXIT.failure);
    expect((await lines()).map(([level]) => level)).toContain('fatal');
    expect(io.handlers).toBe(0);
  });
});

describe('a reload of several processes', () => {
  it('is checked once, then done by one after the other', async () => {
    const { io, started, told, end, lines } = make();
    await started();
    io.reload();
    (await told(0, 'reload')).say({ type: 'reloaded', ok: true });
    (await told(1, 'reload')).say({ type: 'reloaded', ok: true });
    await io.told('reloaded');
    expect(io.supervised).toEqual(['ready 1', 'reloading', 'reloaded']);
    expect((await lines()).filter(([level]) => level === 'error')).toEqual([]);
    expect(await end()).toBe(EXIT.ok);
  });

  it('of a wrong file is not even tried', async () => {
    const { io, started, end, lines, workers } = make();
    await started();
    write('processes: 2\nhostnam: x\n');
    io.reload();
    await io.told('not reloaded');
    expect(workers.all.map(({ told }) => told)).toEqual([[], []]);
    expect((await lines()).filter(([level]) => level === 'error').map(([, , reason]) => reason)).toEqual([
      'hostnam: unknown key; did you mean "hostname"?',
    ]);
    expect(await end()).toBe(EXIT.ok);
  });

  it('that the first can not do is over', async () => {
    const { io, started, told, end, lines, workers } = make();
    await started();
    io.reload();
    (await told(0, 'reload')).say({ type: 'reloaded', ok: false });
    await io.told('not reloaded');
    expect(workers.all[1]?.told).toEqual([]);
    expect((await lines()).at(-1)).toEqual([
      'error',
      'a worker could not reload, and keeps the configuration that it had',
      1,
    ]);
    expect(await end()).toBe(EXIT.ok);
  });
});

describe('health of several processes', () => {
  it('is ready if one is, and has the numbers of all', async () => {
    const { io, started, end, workers, worker, told } = make(config('health: { port: 0 }\n'));
    await worker(0);
    const where = Number(/health on http:\/\/127\.0\.0\.1:(\d+)/.exec(io.stderr)?.[1]);
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${where}${path}`);
      return { status: response.status, body: await response.text() };
    };
    expect(await ask('/ready')).toEqual({ status: 503, body: 'starting\n' });
    await started();
    expect((await ask('/ready')).status).toBe(200);

    const asked = ask('/metrics');
    for (const [i, open] of [3, 4].entries()) {
      const one = await told(i, 'metrics');
      const order = one.orders.find(({ type }) => type === 'metrics');
      const text = `# TYPE open gauge\nopen ${open}\n`;
      one.say({
        type: 'metrics',
        id: order?.type === 'metrics' ? order.id : -1,
        page: { contentType: 'text/x', text },
      });
    }
    const { status, body } = await asked;
    expect(status).toBe(200);
    expect(body).toContain('# TYPE open gauge\nopen{worker="1"} 3\nopen{worker="2"} 4\n');
    expect(body).toContain('\nmailverb_workers_ready 2\n');

    workers.all[0]?.end({ code: 70, signal: null });
    expect((await ask('/ready')).status).toBe(200);
    workers.all[1]?.say({ type: 'stopping' });
    expect((await ask('/ready')).status).toBe(503);
    (await worker(2)).ready();
    expect((await ask('/ready')).status).toBe(200);
    io.signal('SIGTERM');
    expect(await ask('/ready')).toEqual({ status: 503, body: 'draining\n' });
    workers.all.shift();
    expect(await end()).toBe(EXIT.failure);
  });
});

const NOTE =
  'note: the listener smtp-25 has no policy that could accept a recipient: every RCPT will be refused (see policies: recipients)\n';
