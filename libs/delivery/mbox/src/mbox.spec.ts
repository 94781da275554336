import { bodyOf, bodyOfHeld } from '@mailverb/body';
import { BodyAborted } from '@mailverb/contract';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  FakeClock,
  openDelivery,
  recordingLogger,
  testMailbox,
  type LogLine,
} from '@mailverb/testing';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MboxDelivery, mboxOptions, mboxPlugin, type MboxOptionsInput } from './index.js';

type Box = Awaited<ReturnType<typeof inFolder>>;

async function inFolder(options: Omit<MboxOptionsInput, 'path'> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'mbox-'));
  const path = join(folder, 'mail', 'box');
  const clock = new FakeClock();
  const log: LogLine[] = [];
  const make = () => new MboxDelivery(mboxOptions.parse({ path, ...options }), clock, recordingLogger(log));
  return {
    strategy: make(),
    make,
    path,
    clock,
    log,
    text: async () => (existsSync(path) ? readFile(path, 'latin1') : ''),
    stored: async () => (existsSync(path) ? readMbox(await readFile(path, 'latin1')) : []),
    leftovers: async () => (await readdir(join(path, '..'))).filter((name) => name !== 'box'),
    cleanup: () => rm(folder, { recursive: true }),
  };
}

/** As a reader of mboxrd takes it apart: From lines at the start or behind an empty line, one sign less, CRLF again. */
function readMbox(text: string): Buffer[] {
  return text
    .split(/(?<=^|\n\n)From [^\n]*\n/)
    .slice(1)
    .map((message) =>
      message
        .replace(/\n$/, '')
        .replace(/^>(>*From )/gm, '$1')
        .replaceAll('\n', '\r\n'),
    )
    .map((message) => Buffer.from(message, 'latin1'));
}

describeDelivery('mbox', () => inFolder(), { content: 'lines' });
describeDelivery('mbox without fsync', () => inFolder({ fsync: false }), { content: 'lines' });

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const HELLO = 'From sender@test.example Thu Jan  1 00:00:00 2026\n';
async function* unreadable(): AsyncGenerator<Uint8Array> {
  yield bytes('x');
  throw new Error('unreadable');
}

const boxes: Box[] = [];

async function start(options: Parameters<typeof inFolder>[0] = {}): Promise<Box> {
  const box = await inFolder(options);
  boxes.push(box);
  await box.strategy.start();
  return box;
}

afterEach(async () => {
  jest.restoreAllMocks();
  for (const box of boxes.splice(0)) await box.cleanup();
});

/** Lets the methods of file handles fail. */
async function handles(path: string): Promise<FileHandle> {
  const handle = await open(path, 'a');
  await handle.close();
  return Object.getPrototypeOf(handle);
}

describe('MboxDelivery', () => {
  it('declares that it forces to the disk, and wants the whole message', async () => {
    const { strategy } = await start();
    expect([strategy.durability, strategy.wholeMessage]).toEqual(['disk', true]);
    expect((await start({ fsync: false })).strategy.durability).toBe('memory');
  });

  it('writes messages with From lines, LF and an empty line between', async () => {
    const { strategy, text, path } = await start();
    await deliver(strategy, ['a@example.org', 'b@example.org'], bytes('A: b\r\n\r\nFrom me\r\n>From you\r\n'));
    await deliver(strategy, ['a@example.org'], bytes('no end'), { envelope: { reversePath: null } });
    await deliver(strategy, ['a@example.org'], bytes('x\r\n'), {
      envelope: { reversePath: testMailbox('"a b\\"c"@example.org') },
    });
    expect(await text()).toBe(
      `${HELLO}A: b\n\n>From me\n>>From you\n\n` +
        'From MAILER-DAEMON Thu Jan  1 00:00:00 2026\nno end\n\n' +
        'From "a_b\\"c"@example.org Thu Jan  1 00:00:00 2026\nx\n\n',
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['', ''],
    ['From x\n\nold\n\n', ''],
    ['From x\n\nold\n', '\n'],
    ['From x\n\nold', '\n\n'],
    ['\n', ''],
  ])('keeps what is in the file (%j) apart from what it appends', async (before, separator) => {
    const { strategy, path, text } = await start();
    await writeFile(path, before);
    await deliver(strategy, ['a@example.org'], bytes('x\r\n'));
    expect(await text()).toBe(`${before}${separator}${HELLO}x\n\n`);
  });

  it('refuses binary content, which has no lines', async () => {
    const { strategy } = await start();
    const { refused } = await deliver(strategy, ['a@example.org'], bytes('x'), {
      envelope: { parameters: { BODY: 'BINARYMIME' } },
    });
    expect(String(refused.get('a@example.org'))).toMatch(/^554 5\.6\.3 /);
  });

  it('does not take a body that is not held', async () => {
    const { strategy } = await start();
    await expect(deliver(strategy, ['a@example.org'], bodyOf([bytes('x')]))).rejects.toThrow('not held');
  });

  it.each([
    ['write', 'ENOSPC', 452],
    ['write', 'EIO', 451],
    ['sync', 'EIO', 451],
  ] as const)('cuts the file back if %s fails with %s', async (method, code, answer) => {
    const { strategy, path, text, leftovers, log } = await start();
    await deliver(strategy, ['a@example.org'], bytes('before\r\n'));
    const before = await text();
    const prototype = await handles(path);
    const fault = Object.assign(new Error(`${code}: test`), { code });
    const real = prototype[method];
    let calls = 0;
    // The lock file is written first, and the From line comes before the message.
    const failing = method === 'write' ? 3 : 1;
    const spy: jest.SpyInstance = jest.spyOn(prototype, method);
    spy.mockImplementation(function (this: FileHandle, ...args: unknown[]) {
      calls += 1;
      return calls === failing ? Promise.reject(fault) : Reflect.apply(real, this, args);
    });
    const { outcomes } = await deliver(strategy, ['a@example.org'], bytes('lost\r\n'));
    jest.restoreAllMocks();
    expect(calls).toBeGreaterThanOrEqual(failing);
    expect(outcomes.map((o) => o.reply.code)).toEqual([answer]);
    expect(await text()).toBe(before);
    expect(await leftovers()).toEqual([]);
    expect(log.map((line) => line.level)).toEqual(['error']);
  });

  const inode = async (path: string) => (await stat(path)).ino;

  /** The inodes of the folders that are forced to the disk. */
  async function folderSyncs(path: string): Promise<number[]> {
    const synced: number[] = [];
    const prototype = await handles(join(path, '..', 'other'));
    const real = prototype.sync;
    jest.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      const stats = await this.stat();
      if (stats.isDirectory()) synced.push(stats.ino);
      return real.call(this);
    });
    return synced;
  }

  it('forces the folder to the disk once for each file, whoever has made it', async () => {
    const { strategy, make, path } = await start();
    const synced = await folderSyncs(path);
    const folder = await inode(join(path, '..'));
    const send = () => deliver(strategy, ['a@example.org'], bytes('x\r\n'));
    await send();
    await send();
    expect(synced).toEqual([folder]);
    // Another process made the file, and may have died before it synced the folder.
    await rename(path, `${path}.1`);
    await deliver(make(), ['a@example.org'], bytes('x\r\n'));
    synced.length = 0;
    await send();
    await send();
    expect(synced).toEqual([folder]);
    await rm(path);
    await send();
    expect(synced).toEqual([folder, folder]);
  });

  it('forces the folder to the disk with the next message if the first could not be stored', async () => {
    const { strategy, path } = await start();
    const synced = await folderSyncs(path);
    const send = () => deliver(strategy, ['a@example.org'], bytes('x\r\n'));
    const broken = { size: 1, open: () => bodyOf(unreadable()) };
    const first = await deliver(strategy, ['a@example.org'], bodyOfHeld(broken));
    expect(first.outcomes.map((o) => o.reply.code)).toEqual([451]);
    expect([existsSync(path), synced]).toEqual([true, []]);
    await send();
    expect(synced).toEqual([await inode(join(path, '..'))]);
  });

  it('forces the folders that it makes to the disk', async () => {
    const box = await inFolder();
    boxes.push(box);
    const top = join(box.path, '..', '..');
    const deep = new MboxDelivery(
      mboxOptions.parse({ path: join(top, 'a', 'b', 'box') }),
      box.clock,
      recordingLogger([]),
    );
    const synced = await folderSyncs(join(top, 'mail'));
    await deep.start();
    expect(synced).toEqual([await inode(join(top, 'a')), await inode(top)]);
    await deep.start();
    expect(synced).toHaveLength(2);
  });

  it('cuts the file back if the message cannot be read to its end', async () => {
    const { strategy, text } = await start();
    await deliver(strategy, ['a@example.org'], bytes('before\r\n'));
    const before = await text();
    const broken = {
      size: 10,
      open: () =>
        bodyOf(
          (async function* () {
            yield bytes('half');
            throw new BodyAborted('the temporary file is gone');
          })(),
        ),
    };
    const { outcomes } = await deliver(strategy, ['a@example.org'], bodyOfHeld(broken));
    expect(outcomes.map((o) => o.reply.code)).toEqual([451]);
    expect(await text()).toBe(before);
  });

  it('answers 450 while somebody else holds the lock, and delivers when it is gone', async () => {
    const { strategy, path, clock, text } = await start({ lockTimeout: '1s' });
    await writeFile(`${path}.lock`, '');
    const all = [1, 2, 3].map(() => deliver(strategy, ['a@example.org'], bytes('x\r\n')));
    let over = false;
    const first = Promise.race(all).finally(() => {
      over = true;
    });
    while (!over) await clock.advance(50);
    await first;
    // Those who waited behind it have waited as long, and need no more time.
    const answers = (await Promise.all(all)).map((d) => String(d.outcomes[0]?.reply).slice(0, 9));
    expect(answers).toEqual(['450 4.2.0', '450 4.2.0', '450 4.2.0']);
    expect(await text()).toBe('');
    await rm(`${path}.lock`);
    expect((await deliver(strategy, ['a@example.org'], bytes('x\r\n'))).outcomes[0]?.reply.code).toBe(250);
  });

  it('stops waiting for the lock when it is aborted', async () => {
    const { strategy, path, clock, text } = await start();
    await writeFile(`${path}.lock`, '');
    const { transaction } = await openDelivery(strategy, ['a@example.org']);
    await transaction.body(bodyOfHeld({ size: 1, open: () => bodyOf([bytes('x')]) }));
    const commit = Promise.resolve(transaction.commit());
    commit.catch(() => undefined);
    await clock.advance(200);
    await transaction.abort('test');
    await expect(commit).rejects.toThrow('aborted');
    expect([await text(), clock.pending]).toEqual(['', 0]);
  });

  it('takes turns in a file that two of it have', async () => {
    const box = await start();
    const both = [box.strategy, box.make()];
    const sent = Array.from({ length: 20 }, (_, i) => bytes(`${i}\r\n`.repeat(1 + i)));
    await Promise.all(sent.map((message, i) => deliver(both[i % 2] ?? box.strategy, ['a@example.org'], message)));
    expect((await box.stored()).map(String).toSorted()).toEqual(sent.map((b) => Buffer.from(b).toString()).toSorted());
  });
});

describe('the plugin', () => {
  it('contributes the strategy mbox', () => {
    expect(mboxPlugin.name).toBe('delivery-mbox');
    expect(contributionsOf(mboxPlugin)).toEqual([{ kind: 'delivery', name: 'mbox', value: MboxDelivery }]);
  });

  it('wants a path, and refuses options that it does not know', () => {
    expect(mboxOptions.parse({ path: 'box' })).toEqual({
      path: 'box',
      fsync: true,
      lockTimeout: 30_000,
      lockStaleAfter: 300_000,
    });
    expect(mboxOptions.safeParse({}).success).toBe(false);
    expect(mboxOptions.safeParse({ path: 'box', lock: 'fcntl' }).success).toBe(false);
  });
});
