import { FakeClock } from '@mailverb/testing';
import { existsSync } from 'node:fs';
import fs, { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lock } from './dot-lock.js';

const STALE = 300_000;
let folder: string;
let path: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dot-lock-'));
  path = join(folder, 'mbox.lock');
  clock = new FakeClock();
});
afterEach(() => {
  jest.restoreAllMocks();
  return rm(folder, { recursive: true });
});

const take = (waitMs = 0, signal = new AbortController().signal) =>
  lock(path, { clock, deadline: clock.now() + waitMs, staleAfterMs: STALE, signal });

async function heldBy(content: string, ageMs: number): Promise<void> {
  await writeFile(path, content);
  const time = (clock.now() - ageMs) / 1000;
  await utimes(path, time, time);
}

/** Lets the clock run while a promise is waited for. */
async function passTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  promise.then(end, end);
  for (let passed = 0; passed < ms && !over; passed += 50) await clock.advance(50);
  return promise;
}

describe('lock', () => {
  it('names the process and the host, and is gone after unlock', async () => {
    const unlock = await take();
    const [pid, host, token] = (await readFile(path, 'utf8')).split('\n');
    expect([pid, host]).toEqual([String(process.pid), hostname()]);
    expect(token).toMatch(/^[0-9a-f]{18}$/);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
    await unlock();
  });

  it('lets only one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = Promise.all(
      Array.from({ length: 8 }, async () => {
        const unlock = await take(60_000);
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        inside -= 1;
        await unlock();
      }),
    );
    await passTime(work, 60_000);
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits until the other one lets go', async () => {
    await heldBy('', 0);
    const waiting = take(60_000);
    await clock.advance(5000);
    await rm(path);
    const unlock = await passTime(waiting, 55_000);
    await unlock();
  });

  it('gives up at the deadline, and leaves the lock of the other one', async () => {
    await heldBy('', 0);
    await expect(passTime(take(1000), 5000)).rejects.toMatchObject({ name: 'LockTimeout' });
    await expect(take(0)).rejects.toMatchObject({ name: 'LockTimeout' });
    expect(existsSync(path)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('gives up when it is told to', async () => {
    await heldBy('', 0);
    const cancel = new AbortController();
    const waiting = take(10_000, cancel.signal);
    waiting.catch(() => undefined);
    await clock.advance(100);
    cancel.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    expect(clock.pending).toBe(0);
  });

  it('takes an old lock away', async () => {
    await heldBy('somebody', STALE + 1000);
    const unlock = await take();
    expect(await readFile(path, 'utf8')).toContain(hostname());
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken by one of several who find the same old lock, though the inode is used again', async () => {
    // All have found the lock old before one goes on, and the last goes on when another has the lock; every file has the same inode.
    const COUNT = 4;
    const real = fs.lstat;
    let looked = 0;
    let goOn: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let enter: () => void = () => undefined;
    const entered = new Promise<void>((resolve) => {
      enter = resolve;
    });
    const spy: jest.SpyInstance = jest.spyOn(fs, 'lstat');
    spy.mockImplementation(async (name: string) => {
      const stats = Object.assign(await real(name), { ino: 1 });
      looked += 1;
      if (looked === COUNT) {
        goOn();
        await entered;
      } else if (looked < COUNT) {
        await all;
      }
      return stats;
    });
    await heldBy('somebody', STALE + 1000);
    let inside = 0;
    let most = 0;
    const work = Promise.all(
      Array.from({ length: COUNT }, async () => {
        const unlock = await take(600_000);
        inside += 1;
        most = Math.max(most, inside);
        enter();
        for (let i = 0; i < 50; i += 1) await readdir(folder);
        inside -= 1;
        await unlock();
      }),
    );
    await passTime(work, 600_000);
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets go of nothing but its own lock', async () => {
    const unlock = await take();
    await rm(path);
    await heldBy('somebody else', 0);
    await unlock();
    expect(await readFile(path, 'utf8')).toBe('somebody else');
  });

  it('survives one who ended while he took an old lock away', async () => {
    await heldBy('somebody', STALE + 1000);
    await writeFile(`${path}.stale`, `999999999\n${hostname()}\n`);
    const unlock = await passTime(take(60_000), 60_000);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits for one who is taking an old lock away', async () => {
    await heldBy('somebody', STALE + 1000);
    await writeFile(`${path}.stale`, `${process.ppid}\n${hostname()}\n`);
    await expect(take()).rejects.toMatchObject({ name: 'LockTimeout' });
    expect((await readdir(folder)).toSorted()).toEqual(['mbox.lock', 'mbox.lock.stale']);
  });

  it.each([
    ['a process of this host that has ended', () => `999999999\n${hostname()}\n`, true],
    ['an earlier process with our own id', () => `${process.pid}\n${hostname()}\n`, true],
    ['a process of this host that lives', () => `${process.ppid}\n${hostname()}\n`, false],
    ['a process of another host', () => '999999999\nelsewhere.example\n', false],
    ['somebody who writes something else', () => '0', false],
  ])('judges the lock of %s', async (_, content, stale) => {
    // The fake clock stands before the start of this process, and so does the lock's time.
    await heldBy(content(), 1000);
    if (stale) await (await take())();
    else await expect(take()).rejects.toMatchObject({ name: 'LockTimeout' });
    expect(existsSync(path)).toBe(!stale);
  });

  it('does not take our own lock for that of an earlier process', async () => {
    const unlock = await take();
    await expect(take()).rejects.toMatchObject({ name: 'LockTimeout' });
    await unlock();
  });

  it('says so if there can be no lock', async () => {
    await expect(
      lock(join(folder, 'missing', 'x.lock'), {
        clock,
        deadline: 0,
        staleAfterMs: STALE,
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
