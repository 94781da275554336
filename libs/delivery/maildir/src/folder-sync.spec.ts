import { files } from './files.js';
import { FolderSync } from './folder-sync.js';

/** fsync and open that the test finishes by hand. */
function stoppedDisk() {
  const finish: ((error?: Error) => void)[] = [];
  jest.spyOn(files, 'openFolder').mockImplementation(async () => 99);
  jest
    .spyOn(files, 'fsync')
    .mockImplementation(
      () => new Promise((resolve, reject) => finish.push((error) => (error === undefined ? resolve() : reject(error)))),
    );
  const close = jest.spyOn(files, 'close').mockImplementation(() => undefined);
  return { finish, close };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => jest.restoreAllMocks());

describe('FolderSync', () => {
  it('serves everybody who comes while a sync runs with one sync after it', async () => {
    const { finish, close } = stoppedDisk();
    const sync = new FolderSync();
    const done: string[] = [];
    const note = (name: string) => () => void done.push(name);
    const all = [sync.sync('/a').then(note('first'))];
    await turn();
    for (const name of ['second', 'third', 'fourth']) all.push(sync.sync('/a').then(note(name)));
    await turn();
    expect(finish).toHaveLength(1);
    finish[0]?.();
    await turn();
    expect(done).toEqual(['first']);
    expect(finish).toHaveLength(2);
    all.push(sync.sync('/a').then(note('fifth')));
    finish[1]?.();
    await turn();
    expect(done).toEqual(['first', 'second', 'third', 'fourth']);
    expect(close).not.toHaveBeenCalled();
    finish[2]?.();
    await Promise.all(all);
    expect(finish).toHaveLength(3);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('never runs two syncs of a folder at once, whenever somebody comes', async () => {
    let running = 0;
    let most = 0;
    let opened = 0;
    const open = jest.spyOn(files, 'openFolder').mockImplementation(async () => (opened += 1));
    const closed: number[] = [];
    jest.spyOn(files, 'close').mockImplementation((fd) => void closed.push(fd));
    jest.spyOn(files, 'fsync').mockImplementation(async (fd) => {
      expect(closed).not.toContain(fd);
      running += 1;
      most = Math.max(most, running);
      await turn();
      expect(closed).not.toContain(fd);
      running -= 1;
    });
    const sync = new FolderSync();
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        for (let n = 0; n < 5; n += 1) {
          for (let p = (i * 7 + n) % 5; p > 0; p -= 1) await Promise.resolve();
          await sync.sync('/a');
        }
      }),
    );
    expect(most).toBe(1);
    expect(closed).toHaveLength(open.mock.calls.length);
  });

  it('syncs folders independently', async () => {
    const { finish } = stoppedDisk();
    const sync = new FolderSync();
    const both = Promise.all([sync.sync('/a'), sync.sync('/b')]);
    await turn();
    expect(finish).toHaveLength(2);
    finish.forEach((f) => f());
    await both;
  });

  it('tells everybody of a sync that it failed, and nobody of the next', async () => {
    const { finish, close } = stoppedDisk();
    const sync = new FolderSync();
    const first = sync.sync('/a');
    await turn();
    const next = [sync.sync('/a'), sync.sync('/a')];
    const last = () => sync.sync('/a');
    finish[0]?.();
    await first;
    await turn();
    finish[1]?.(new Error('I/O error'));
    const results = await Promise.allSettled(next);
    expect(results.map((r) => r.status)).toEqual(['rejected', 'rejected']);
    const fresh = last();
    await turn();
    finish[2]?.();
    await fresh;
    expect(close).toHaveBeenCalledTimes(2);
  });
});
