import fs from 'node:fs';
import { z } from 'zod';
import { logDestination } from './destination.options.js';
import { LogFile } from './log-file.js';
import { openLog } from './open-log.js';

describe('logDestination', () => {
  const schema = logDestination();

  it.each(['stdout', 'stderr', { file: './mail.log' }])('takes %j', (value) => {
    expect(schema.parse(value)).toEqual(value);
  });

  it.each(['', 'file', {}, 1])('refuses %j in plain words', (value) => {
    const { error } = schema.safeParse(value);
    expect(error?.issues[0]?.message).toBe('expected stdout, stderr or { file: PATH }');
  });

  it.each([{ file: '' }, { file: 'x', mode: 1 }])('refuses %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('can be said in JSON Schema', () => {
    expect(z.toJSONSchema(schema)).toMatchObject({ anyOf: [{ enum: ['stdout', 'stderr'] }, { type: 'object' }] });
  });
});

describe('openLog', () => {
  afterEach(() => jest.restoreAllMocks());

  it('makes a file for a file', () => {
    expect(openLog({ file: './mail.log' })).toBeInstanceOf(LogFile);
  });

  it('writes to the standard streams, whoever writes, in order, whether started or not', async () => {
    const written: string[] = [];
    jest.spyOn(fs, 'write').mockImplementation(((
      fd: number,
      data: Buffer,
      _from: number,
      _length: number,
      _at: null,
      callback: (error: null, written: number) => void,
    ) => {
      written.push(`${fd}:${String(data)}`);
      setImmediate(callback, null, data.length);
    }) as never);
    const [one, two, err] = [openLog('stdout'), openLog('stdout'), openLog('stderr')];
    await one.stop();
    one.write('a\n');
    two.write('b\n');
    err.write('e\n');
    await one.start();
    one.write('c\n');
    await Promise.all([one.stop(), two.stop(), err.stop()]);
    two.write('d\n');
    await two.stop();
    expect(written).toEqual(['1:a\n', '2:e\n', '1:b\nc\n', '1:d\n']);
    // No handler of ours for a signal that means nothing to a stream.
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('flushes them at the end of the process', () => {
    jest.spyOn(fs, 'write').mockImplementation((() => undefined) as never);
    const sync = jest.spyOn(fs, 'writeSync').mockImplementation(((_fd: number, data: Buffer) => data.length) as never);
    const out = openLog('stdout');
    out.flushSync();
    out.write('under way\n');
    out.write('last words\n');
    out.flushSync();
    expect(sync.mock.calls.map(([fd, data]) => `${fd}:${String(data)}`)).toEqual(['1:last words\n']);
  });
});
