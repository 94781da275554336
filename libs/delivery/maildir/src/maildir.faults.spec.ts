import { bodyOf } from '@mailverb/body';
import { deliver, openDelivery, settle, testRecipient } from '@mailverb/testing';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { files } from './files.js';
import { inFolder, type Folder } from './maildir.fixture.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const ALL = ['a@example.org', 'b@example.org', 'c@example.org'];
const codes = (outcomes: readonly { reply: { code: number } }[]) => outcomes.map((o) => o.reply.code);

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: test`), { code });
}

async function makeMailbox(path: string): Promise<void> {
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(path, part), { recursive: true });
}

const real = { ...files };
/** Descriptors that are open. */
const descriptors = new Set<number>();
let folder: Folder;

async function start(options: Parameters<typeof inFolder>[0] = {}): Promise<Folder> {
  folder = await inFolder({ layout: 'per-recipient', ...options });
  await folder.strategy.start();
  for (const operation of ['create', 'openFolder', 'openExisting'] as const) {
    files[operation] = async (path) => {
      const fd = await real[operation](path);
      descriptors.add(fd);
      return fd;
    };
  }
  files.close = (fd) => {
    expect(descriptors.delete(fd)).toBe(true);
    real.close(fd);
  };
  return folder;
}

// Whatever went wrong in a test: no descriptor is open, no file lies in tmp/.
afterEach(async () => {
  jest.restoreAllMocks();
  Object.assign(files, real);
  const open = [...descriptors];
  descriptors.clear();
  const left = await folder.leftovers();
  await folder.cleanup();
  expect({ open, left }).toEqual({ open: [], left: [] });
});

describe('a Maildir that says 250', () => {
  it('has written, synced, renamed and synced the folder, in this order', async () => {
    const { strategy, path } = await start({ layout: 'shared' });
    const order: string[] = [];
    const folders = new Map<number, string>();
    const { create, write, fsync, rename, openFolder } = files;
    jest.spyOn(files, 'create').mockImplementation(async (at) => {
      const fd = await create(at);
      folders.set(fd, 'file');
      order.push('create in tmp');
      expect(at.startsWith(join(path, 'tmp/'))).toBe(true);
      return fd;
    });
    jest.spyOn(files, 'openFolder').mockImplementation(async (at) => {
      const fd = await openFolder(at);
      folders.set(fd, at === join(path, 'new') ? 'new' : at);
      return fd;
    });
    jest.spyOn(files, 'write').mockImplementation((fd, data) => (order.push('write'), write(fd, data)));
    jest.spyOn(files, 'fsync').mockImplementation(async (fd) => {
      await fsync(fd);
      order.push(`fsync ${folders.get(fd)}`);
    });
    jest.spyOn(files, 'rename').mockImplementation(async (from, to) => {
      await rename(from, to);
      order.push('rename to new');
      expect(to.startsWith(join(path, 'new/'))).toBe(true);
    });
    await deliver(strategy, ['a@example.org'], bytes('x'));
    expect(order).toEqual(['create in tmp', 'write', 'fsync file', 'rename to new', 'fsync new']);
  });

  it('finishes a write that the disk cut short', async () => {
    const { strategy, stored } = await start();
    const { write } = files;
    jest.spyOn(files, 'write').mockImplementation((fd, data) => write(fd, data.subarray(0, 3)));
    await deliver(strategy, ['a@example.org'], bytes('0123456789'));
    expect((await stored()).map((b) => Buffer.from(b).toString())).toEqual(['0123456789']);
  });
});

describe('a mailbox that is made for a message', () => {
  /** Lets each sync of one folder wait, or fail; gives the folders that were synced, in order. */
  async function watchSyncs(of: string, instead: () => Promise<void>): Promise<string[]> {
    const synced: string[] = [];
    const opened = new Map<number, string>();
    const { openFolder, fsync, close } = files;
    jest.spyOn(files, 'close').mockImplementation((fd) => {
      opened.delete(fd);
      close(fd);
    });
    jest.spyOn(files, 'openFolder').mockImplementation(async (at) => {
      const fd = await openFolder(at);
      opened.set(fd, at);
      return fd;
    });
    jest.spyOn(files, 'fsync').mockImplementation(async (fd) => {
      const at = opened.get(fd);
      if (at === of) await instead();
      await fsync(fd);
      if (at !== undefined) synced.push(at);
    });
    return synced;
  }

  it.each(['a', 'b'])('is on the disk before anybody hears 250: the first for a, the second for %s', async (second) => {
    const { strategy, path } = await start();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let reached: () => void = () => undefined;
    const syncing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const synced = await watchSyncs(path, () => (reached(), held));
    const order: string[] = [];
    const send = (name: string) =>
      deliver(strategy, [`${name}@example.org`], bytes('x')).then(({ outcomes }) => {
        order.push(`${codes(outcomes).join()} with ${synced.includes(path) ? '' : 'no '}sync of the domain`);
      });
    const first = send('a');
    await syncing;
    const other = send(second);
    const inbox = join(path, 'example.org', second, 'new');
    // When this is done, the second has nothing to wait for but what the first has made.
    for (let turn = 0; turn < 10_000 && !synced.includes(inbox); turn += 1) await settle();
    await settle();
    goOn();
    await Promise.all([first, other]);
    expect(order).toEqual(['250 with sync of the domain', '250 with sync of the domain']);
  });

  it('is synced with the next message if it could not be synced with the first', async () => {
    const { strategy, path, stored } = await start();
    let fails = true;
    const synced = await watchSyncs(path, async () => {
      if (fails) throw errno('EIO');
    });
    const send = async () => codes((await deliver(strategy, ['a@example.org'], bytes('x'))).outcomes);
    expect(await send()).toEqual([451]);
    expect(await send()).toEqual([451]);
    expect(await stored()).toEqual([]);
    fails = false;
    expect(await send()).toEqual([250]);
    expect(synced).toContain(path);
    synced.length = 0;
    expect(await send()).toEqual([250]);
    expect(synced).toEqual([join(path, 'example.org', 'a', 'new')]);
  });

  it.each(['shared', 'per-recipient'] as const)(
    'is on the disk when the server has started (layout %s)',
    async (layout) => {
      folder = await inFolder({ layout }, 'deep/er');
      const { strategy, path } = folder;
      const synced = await watchSyncs('', async () => undefined);
      await strategy.start();
      const top = join(path, '..', '..');
      expect(synced).toEqual([...(layout === 'shared' ? [path] : []), join(top, 'deep'), top]);
      synced.length = 0;
      await strategy.start();
      expect(synced).toEqual([]);
    },
  );

  it('is not made where a file is', async () => {
    folder = await inFolder({ layout: 'per-recipient' }, 'box');
    await writeFile(folder.path, '');
    await expect(folder.strategy.start()).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('a Maildir that fails', () => {
  it.each([
    ['create', 'ENOSPC', 452],
    ['write', 'ENOSPC', 452],
    ['write', 'EDQUOT', 452],
    ['write', 'EIO', 451],
    ['fsync', 'EIO', 451],
    ['rename', 'EIO', 451],
    ['create', 'EMFILE', 451],
  ] as const)('costs everybody a 4xx and leaves nothing if %s fails with %s', async (operation, code, answer) => {
    const { strategy, stored, log } = await start({ layout: 'shared' });
    jest.spyOn(files, operation).mockRejectedValue(errno(code));
    const { outcomes } = await deliver(strategy, ALL, bytes('x'));
    expect(codes(outcomes)).toEqual([answer, answer, answer]);
    expect(await stored()).toEqual([]);
    expect(log.map((line) => line.level)).toContain('error');
  });

  it('throws while the body comes if the disk is full, and leaves nothing', async () => {
    const { strategy, stored } = await start({ memory: 10 });
    const { write } = files;
    jest.spyOn(files, 'write').mockImplementationOnce(write).mockRejectedValue(errno('ENOSPC'));
    const { transaction } = await openDelivery(strategy, ALL);
    const body = transaction.body(bodyOf([bytes('0123456789'), bytes('0123456789')]));
    await expect(body).rejects.toMatchObject({ name: 'SmtpError', reply: { code: 452 } });
    await transaction.abort('test');
    expect(await stored()).toEqual([]);
  });

  it('takes a message back if the folder could not be synced', async () => {
    const { strategy, stored } = await start({ layout: 'shared' });
    const { fsync } = files;
    jest.spyOn(files, 'fsync').mockImplementationOnce(fsync).mockRejectedValueOnce(errno('EIO'));
    const { outcomes } = await deliver(strategy, ALL, bytes('x'));
    expect(codes(outcomes)).toEqual([451, 451, 451]);
    expect(await stored()).toEqual([]);
  });

  it.each([0, 1, 2])('costs only the recipients of the mailbox that fails (number %d)', async (broken) => {
    const { strategy, stored, path } = await start();
    const bad = join(path, 'example.org', 'abc'.charAt(broken));
    for (const operation of ['create', 'rename', 'link'] as const) {
      const does: (...paths: string[]) => Promise<unknown> = files[operation];
      const spy: jest.SpyInstance = jest.spyOn(files, operation);
      spy.mockImplementation((...paths: string[]) =>
        paths.some((name) => name.startsWith(`${bad}/`)) ? Promise.reject(errno('EACCES')) : does(...paths),
      );
    }
    const { outcomes } = await deliver(strategy, ALL, bytes('x'));
    const expected = [250, 250, 250];
    expected[broken] = 451;
    expect(codes(outcomes)).toEqual(expected);
    expect((await stored()).map((b) => Buffer.from(b).toString())).toEqual(['x', 'x']);
  });

  it.each(['write', 'fsync'] as const)(
    'writes all of it again for the next mailbox if %s fails in the first',
    async (operation) => {
      const { strategy, stored } = await start();
      // A mailbox is made and synced first; then comes the message.
      await deliver(strategy, ALL, bytes('before'));
      jest.spyOn(files, operation).mockRejectedValueOnce(errno('EIO'));
      const { outcomes } = await deliver(strategy, ALL, bytes('after'));
      expect(codes(outcomes)).toEqual([451, 250, 250]);
      const texts = (await stored()).map((b) => Buffer.from(b).toString()).toSorted();
      expect(texts).toEqual(['after', 'after', 'before', 'before', 'before']);
    },
  );

  it('fails for all if the end of a message that is in its file already cannot be written', async () => {
    const { strategy, stored } = await start({ memory: 10 });
    const { write } = files;
    jest.spyOn(files, 'write').mockImplementationOnce(write).mockRejectedValueOnce(errno('ENOSPC'));
    const { outcomes } = await deliver(strategy, ALL, bodyOf([bytes('0123456789'), bytes('rest')]));
    expect(codes(outcomes)).toEqual([452, 452, 452]);
    expect(await stored()).toEqual([]);
  });

  it('forgets what it has in memory, also when nothing could be stored', async () => {
    const { strategy, leftovers } = await start({ totalMemory: '40KiB' });
    const message = Buffer.alloc(20_000, 'x');
    for (const operation of ['create', 'write', 'fsync', 'rename'] as const) {
      const spy = jest.spyOn(files, operation).mockRejectedValue(errno('EIO'));
      const { outcomes } = await deliver(strategy, ['a@example.org'], message);
      expect(codes(outcomes)).toEqual([451]);
      spy.mockRestore();
    }
    const { transaction } = await openDelivery(strategy, ALL);
    await transaction.body(bodyOf([message]));
    expect(await leftovers()).toEqual([]);
    await transaction.abort('test');
  });

  it('writes no less than 16 KiB at once when the memory of all is used up', async () => {
    const { strategy, stored } = await start({ totalMemory: 1000 });
    const write = jest.spyOn(files, 'write');
    const slices = Array.from({ length: 1000 }, (_, i) => Buffer.alloc(100, String(i % 10)));
    await deliver(strategy, ['a@example.org'], bodyOf(slices));
    const sizes = write.mock.calls.map(([, data]) => data.length);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(16 * 1024);
    expect(sizes.length).toBeGreaterThan(1);
    expect(await stored()).toEqual([Buffer.concat(slices)]);
  });

  it('copies where the file system gives no hard link, and syncs the copy', async () => {
    const { strategy, stored } = await start();
    jest.spyOn(files, 'link').mockRejectedValue(errno('EXDEV'));
    const fsync = jest.spyOn(files, 'openExisting');
    const { outcomes } = await deliver(strategy, ALL, bytes('copied'));
    expect(codes(outcomes)).toEqual([250, 250, 250]);
    expect((await stored()).map((b) => Buffer.from(b).toString())).toEqual(['copied', 'copied', 'copied']);
    expect(fsync).toHaveBeenCalledTimes(2);
  });

  it('removes a copy that could not be synced', async () => {
    const { strategy, stored } = await start();
    jest.spyOn(files, 'link').mockRejectedValue(errno('EXDEV'));
    jest.spyOn(files, 'openExisting').mockRejectedValue(errno('EIO'));
    const { outcomes } = await deliver(strategy, ALL, bytes('x'));
    expect(codes(outcomes)).toEqual([250, 451, 451]);
    expect(await stored()).toHaveLength(1);
  });

  it('takes back what it has stored when it is aborted while it syncs', async () => {
    const { strategy, stored, path } = await start({ layout: 'shared' });
    const { fsync } = files;
    let reached: () => void = () => undefined;
    const syncing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    jest
      .spyOn(files, 'fsync')
      .mockImplementationOnce(fsync)
      .mockImplementationOnce(async (fd) => {
        reached();
        await held;
        await fsync(fd);
      });
    const { transaction } = await openDelivery(strategy, ['a@example.org']);
    await transaction.body(bodyOf([bytes('x')]));
    const commit = Promise.resolve(transaction.commit());
    commit.catch(() => undefined);
    await syncing;
    expect(await readdir(join(path, 'new'))).toHaveLength(1);
    const abort = transaction.abort('the server gave up');
    goOn();
    await abort;
    await expect(commit).rejects.toThrow('aborted');
    expect(await stored()).toEqual([]);
  });

  it.each(['aborted', 'signalled'])('does not take a recipient that is found when it is %s', async (how) => {
    const { strategy, stored, path } = await start({ create: false });
    for (const name of ['a', 'b']) await makeMailbox(join(path, 'example.org', name));
    // As the server does it: a new signal when one has fired.
    let cancel = new AbortController();
    const context = {
      get signal() {
        return cancel.signal;
      },
    };
    const { transaction } = await openDelivery(strategy, ['a@example.org'], { context });
    const late = Promise.resolve(transaction.recipient(testRecipient('b@example.org')));
    if (how === 'aborted') await transaction.abort('test');
    cancel.abort();
    cancel = new AbortController();
    expect(await late).toMatchObject({ code: 451 });
    if (how === 'aborted') return;
    await transaction.body(bodyOf([bytes('x')]));
    await transaction.commit();
    expect(await stored()).toHaveLength(1);
  });

  it('syncs the folder far less often than it stores messages, when many come at once', async () => {
    const { strategy, stored } = await start({ layout: 'shared' });
    const openFolder = jest.spyOn(files, 'openFolder');
    const fsync = jest.spyOn(files, 'fsync');
    await Promise.all(Array.from({ length: 60 }, () => deliver(strategy, ['a@example.org'], bytes('x'))));
    expect(await stored()).toHaveLength(60);
    const folderSyncs = fsync.mock.calls.length - 60;
    expect(folderSyncs).toBeGreaterThan(0);
    expect(folderSyncs).toBeLessThan(60);
    expect(openFolder.mock.calls.length).toBeLessThanOrEqual(folderSyncs);
  });
});
