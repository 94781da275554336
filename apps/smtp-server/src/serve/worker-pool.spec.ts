import { FakeTime, settled } from '../testing/fake-time.js';
import { fakeWorkers } from '../testing/fake-worker.js';
import { WorkerPool } from './worker-pool.js';
import type { StartWorker } from './worker.js';

function make(processes = 2, start?: StartWorker) {
  const time = new FakeTime();
  const workers = fakeWorkers();
  const said: string[] = [];
  const pool = new WorkerPool(processes, start ?? workers.start, time, {
    replaced: (slot) => said.push(`replaced ${slot}`),
    lost: (slot, { code, signal }, ms) => said.push(`lost ${slot} ${signal ?? code} ${ms}`),
    failed: (slot, error, ms) => said.push(`failed ${slot} ${String(error)} ${ms}`),
  });
  const at = (i: number) => {
    const worker = workers.all[i];
    if (worker === undefined) throw new Error(`there is no worker ${i}`);
    return worker;
  };
  const started = async () => {
    const start = pool.start();
    for (let i = 0; i < processes; i++) {
      await settled();
      at(i).ready();
    }
    expect(await start).toBeUndefined();
  };
  return { pool, time, workers, said, at, started };
}

describe('the first start', () => {
  it('is of one alone, then of the others', async () => {
    const { pool, workers, at } = make(3);
    const start = pool.start();
    await settled();
    expect(workers.all.map(({ slot }) => slot)).toEqual([1]);
    expect([pool.ready, pool.alive]).toEqual([0, 1]);
    at(0).ready();
    await settled();
    expect(workers.all.map(({ slot }) => slot)).toEqual([1, 2, 3]);
    at(1).ready();
    at(2).ready();
    expect(await start).toBeUndefined();
    expect(pool.ready).toBe(3);
    expect(pool.addresses).toEqual([{ listener: 'mx', host: '127.0.0.1', port: 25 }]);
  });

  it('is over if the first can not: no other is started, and it is not started again', async () => {
    const { pool, workers, time, at } = make(3);
    const start = pool.start();
    await settled();
    at(0).end({ code: 78, signal: null });
    expect(await start).toEqual({ code: 78, signal: null });
    await time.pass(100_000);
    expect(workers.all).toHaveLength(1);
  });

  it('is over if another can not', async () => {
    const { pool, at } = make(2);
    const start = pool.start();
    await settled();
    at(0).ready();
    await settled();
    at(1).end({ code: 1, signal: null });
    expect(await start).toEqual({ code: 1, signal: null });
  });

  it('rejects if no process can be started at all', async () => {
    const { pool } = make(2, () => Promise.reject(new Error('EAGAIN')));
    await expect(pool.start()).rejects.toThrow('EAGAIN');
  });
});

describe('a worker that has ended', () => {
  it('is started anew, later and later, until it lives for a minute', async () => {
    const { time, said, at, started, pool } = make(1);
    await started();
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      at(i).end({ code: null, signal: 'SIGKILL' });
      const [wait = -1] = time.waits;
      waits.push(wait);
      await time.pass(wait - 1);
      expect(() => at(i + 1)).toThrow();
      await time.pass(1);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
    expect(pool.restarts).toBe(12);
    at(12).ready();
    expect(said.at(-1)).toBe('replaced 1');
    await time.pass(59_999);
    at(12).end({ code: 70, signal: null });
    expect(said.at(-1)).toBe('lost 1 70 30000');
    await time.pass(30_000);
    at(13).ready();
    await time.pass(60_000);
    at(13).end({ code: 70, signal: null });
    expect(said.at(-1)).toBe('lost 1 70 100');
  });

  it('is started anew though its configuration is wrong now: it is not the first start', async () => {
    const { time, said, at, started } = make(1);
    await started();
    at(0).end({ code: 1, signal: null });
    await time.pass(100);
    at(1).end({ code: 78, signal: null });
    expect(said).toEqual(['lost 1 1 100', 'lost 1 78 200']);
    await time.pass(200);
    at(2).ready();
    expect(said.at(-1)).toBe('replaced 1');
  });

  it('is tried again if no process can be started', async () => {
    let working = true;
    const workers = fakeWorkers();
    const { pool, time, said } = make(1, (slot) =>
      working ? workers.start(slot) : Promise.reject(new Error('EAGAIN')),
    );
    const start = pool.start();
    await settled();
    workers.all[0]?.ready();
    await start;
    working = false;
    workers.all[0]?.end({ code: 1, signal: null });
    await time.pass(100);
    expect(said).toEqual(['lost 1 1 100', 'failed 1 Error: EAGAIN 200']);
    working = true;
    await time.pass(200);
    expect(workers.all).toHaveLength(2);
  });

  it('takes its connections with it', async () => {
    const { time, at, started } = make(2);
    await started();
    const limits = { connections: 2, connectionsPerAddress: 2 };
    const enter = (i: number, id: number) => {
      const entering = [{ id, listener: 'mx', network: 'a', limits }];
      at(i).say({ type: 'connections', left: [], entering });
    };
    const answer = (id: number, refused: 'connections' | null) => ({ type: 'entered', answers: [{ id, refused }] });
    enter(0, 1);
    enter(0, 2);
    enter(1, 1);
    expect(at(0).orders).toEqual([answer(1, null), answer(2, null)]);
    expect(at(1).orders).toEqual([answer(1, 'connections')]);
    at(0).say({ type: 'connections', left: [{ listener: 'mx', network: 'a' }], entering: [] });
    expect(at(0).orders).toHaveLength(2);
    enter(1, 2);
    expect(at(1).orders.at(-1)).toEqual(answer(2, null));
    at(0).end({ code: 70, signal: null });
    await time.pass(100);
    enter(2, 1);
    expect(at(2).orders).toEqual([answer(1, null)]);
  });
});

describe('a reload', () => {
  it('goes from one to the next', async () => {
    const { pool, at, started } = make(2);
    await started();
    const failed: number[] = [];
    const done = pool.reload((slot) => failed.push(slot));
    expect([at(0).told, at(1).told]).toEqual([['reload'], []]);
    at(0).say({ type: 'reloaded', ok: true });
    await settled();
    expect(at(1).told).toEqual(['reload']);
    at(1).say({ type: 'reloaded', ok: true });
    expect([await done, failed]).toEqual([true, []]);
  });

  it('that the first can not do is not asked of the others', async () => {
    const { pool, at, started } = make(2);
    await started();
    const failed: number[] = [];
    const done = pool.reload((slot) => failed.push(slot));
    at(0).say({ type: 'reloaded', ok: false });
    expect([await done, failed, at(1).told]).toEqual([false, [1], []]);
  });

  it('is not waited for from one that ends meanwhile', async () => {
    const { pool, at, started } = make(2);
    await started();
    const failed: number[] = [];
    const done = pool.reload((slot) => failed.push(slot));
    at(0).say({ type: 'reloaded', ok: true });
    await settled();
    at(1).end({ code: null, signal: 'SIGSEGV' });
    expect([await done, failed]).toEqual([false, [2]]);
  });
});

describe('the end', () => {
  it('is waited for, and is clean if all were done', async () => {
    const { pool, time, at, started, workers } = make(2);
    await started();
    const stopped = pool.stop(30_000);
    await settled();
    expect([at(0).told, at(1).told]).toEqual([['stop'], ['stop']]);
    // Asked twice, it is told once: a second time would cut them short.
    void pool.stop(30_000);
    await settled();
    expect(at(0).told).toEqual(['stop']);
    at(0).say({ type: 'stopping' });
    expect(pool.ready).toBe(1);
    at(0).end({ code: 0, signal: null });
    at(1).end({ code: 0, signal: null });
    expect(await stopped).toBe(true);
    await time.pass(100_000);
    expect(workers.all).toHaveLength(2);
  });

  it('comes for who is not done long after the deadline', async () => {
    const { pool, time, at, started } = make(2);
    await started();
    const stopped = pool.stop(30_000);
    await settled();
    at(0).end({ code: 0, signal: null });
    await time.pass(39_999);
    expect(at(1).killed).toBe(false);
    await time.pass(1);
    expect(await stopped).toBe(false);
    expect(at(1).killed).toBe(true);
  });

  it('is clean though one fails that was still starting: it had nothing to finish', async () => {
    const { pool, at } = make(2);
    const start = pool.start();
    await settled();
    at(0).ready();
    await settled();
    const stopped = pool.stop(30_000);
    await settled();
    at(0).end({ code: 0, signal: null });
    at(1).end({ code: 1, signal: null });
    await start;
    expect(await stopped).toBe(true);
  });

  it('is not put off by one that waits to be started anew, nor by one that is being started', async () => {
    const { pool, time, at, started, workers } = make(2);
    await started();
    at(0).end({ code: 1, signal: null });
    at(1).end({ code: 1, signal: null });
    await time.pass(100);
    at(2).end({ code: 1, signal: null });
    const stopped = pool.stop(30_000);
    await settled();
    expect(at(3).told).toEqual(['stop']);
    at(3).end({ code: 0, signal: null });
    expect(await stopped).toBe(true);
    await time.pass(100_000);
    expect(workers.all).toHaveLength(4);
  });
});

describe('numbers', () => {
  it('are of those that serve and answer in time', async () => {
    const { pool, time, at, started } = make(3);
    await started();
    at(2).say({ type: 'stopping' });
    const asked = pool.metrics();
    expect([at(0).told, at(1).told, at(2).told]).toEqual([['metrics'], ['metrics'], []]);
    const [order] = at(0).orders;
    const page = { contentType: 'text/plain', text: 'a 1\n' };
    at(0).say({ type: 'metrics', id: order?.type === 'metrics' ? order.id : -1, page });
    at(0).say({ type: 'metrics', id: 12_345, page });
    await time.pass(2000);
    expect(await asked).toEqual([{ worker: 1, page }]);
  });

  it('may be none', async () => {
    const { pool, at, started } = make(1);
    await started();
    const asked = pool.metrics();
    at(0).say({ type: 'metrics', id: 1, page: null });
    expect(await asked).toEqual([]);
  });
});
