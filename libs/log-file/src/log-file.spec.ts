import fs from 'node:fs';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './log-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailverb-log-'));
  path = join(folder, 'sub', 'mail.log');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const text = (file: string) => readFile(file, 'utf8');

describe('LogFile', () => {
  it('opens nothing before its start, and loses nothing that came before or after', async () => {
    const log = new LogFile(path);
    log.write('early\n');
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await log.start();
    await log.start();
    log.write('open\n');
    await log.stop();
    log.write('late\n');
    expect(await text(path)).toBe('early\nopen\nlate\n');
    await log.stop();
  });

  it('appends, and can be started again', async () => {
    const log = new LogFile(path);
    for (const line of ['one\n', 'two\n']) {
      await log.start();
      log.write(line);
      await log.stop();
    }
    expect(await text(path)).toBe('one\ntwo\n');
  });

  it('writes a great many lines, all and in order', async () => {
    const log = new LogFile(path);
    await log.start();
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} äöü\n`);
    for (const line of lines) log.write(line);
    await log.stop();
    expect(await text(path)).toBe(lines.join(''));
  });

  it('is not for everybody to read', async () => {
    const log = new LogFile(path);
    await log.start();
    await log.stop();
    expect((await stat(path)).mode & 0o007).toBe(0);
    expect((await stat(join(folder, 'sub'))).mode & 0o007).toBe(0);
  });

  it('refuses to start where it cannot open', async () => {
    await writeFile(join(folder, 'sub'), 'a file where a folder belongs');
    await expect(new LogFile(path).start()).rejects.toThrow(path);
  });

  it('is reopened by SIGUSR2: what was moved away keeps its lines, the new file gets the rest', async () => {
    const one = new LogFile(path);
    const two = new LogFile(join(folder, 'other.log'));
    await Promise.all([one.start(), two.start()]);
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    one.write('before\n');
    await rename(path, `${path}.1`);
    one.write('still old\n');
    process.emit('SIGUSR2', 'SIGUSR2');
    await one.reopen();
    one.write('after\n');
    await two.stop();
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    await one.stop();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    expect(await text(`${path}.1`)).toBe('before\nstill old\n');
    expect(await text(path)).toBe('after\n');
  });

  it('is reopened many times without losing a line or a descriptor', async () => {
    const closed: number[] = [];
    const close = fs.close;
    jest.spyOn(fs, 'close').mockImplementation(((fd: number, callback: () => void) => {
      closed.push(fd);
      close(fd, callback);
    }) as typeof fs.close);
    const log = new LogFile(path);
    await log.start();
    const lines = Array.from({ length: 500 }, (_, i) => `${i}\n`);
    for (const line of lines) {
      log.write(line);
      void log.reopen();
    }
    await log.stop();
    expect(await text(path)).toBe(lines.join(''));
    expect(closed.length).toBe(501);
  });

  it('goes on with the old file when it cannot be reopened, and says so', async () => {
    const onProblem = jest.fn();
    const log = new LogFile(path, { onProblem });
    await log.start();
    const moved = join(folder, 'moved');
    await rename(join(folder, 'sub'), moved);
    await log.reopen();
    expect(onProblem).toHaveBeenCalledWith(
      `cannot reopen the log file ${path}`,
      expect.objectContaining({ code: 'ENOENT' }),
    );
    log.write('still here\n');
    await log.stop();
    expect(await text(join(moved, 'mail.log'))).toBe('still here\n');
  });

  it('says what went wrong: failing, slow, again well, lost', async () => {
    const onProblem = jest.fn();
    const log = new LogFile(path, { onProblem, bound: 10 });
    log.write('too much before the start\n');
    await log.start();
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    let fail: ((error: Error, written: number) => void) | undefined;
    jest.spyOn(fs, 'write').mockImplementationOnce(((...args: unknown[]) => {
      fail = args[5] as typeof fail;
    }) as never);
    log.write('a\n');
    log.write('123456789\n');
    log.write('lost\n');
    fail?.(full, 0);
    log.write('lost\n');
    await log.stop();
    expect(onProblem.mock.calls.map(([problem]) => (problem as string).replace(path, 'FILE'))).toEqual([
      'the log file FILE is too slow: lines are lost',
      'cannot write to the log file FILE',
      'the log file FILE is written again; 2 lines were lost so far',
      '2 lines could not be written to the log file FILE',
    ]);
    expect(await text(path)).toBe('a\n123456789\n');
  });

  it('says so when a line after the stop cannot be written', async () => {
    const onProblem = jest.fn();
    const log = new LogFile(path, { onProblem });
    await log.start();
    await log.stop();
    await rm(join(folder, 'sub'), { recursive: true });
    log.write('late\n');
    expect(onProblem).toHaveBeenCalledWith(
      `cannot write to the log file ${path}`,
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it('is flushed when the process ends without stopping it', async () => {
    const log = new LogFile(path);
    await log.start();
    expect(process.listenerCount('exit')).toBe(1);
    // Nothing is written the usual way any more.
    jest.spyOn(fs, 'write').mockImplementation((() => undefined) as never);
    log.write('under way\n');
    log.write('last words\n');
    process.emit('exit', 0);
    expect(await text(path)).toBe('last words\n');
  });
});
