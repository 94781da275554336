/** The pino logger: the contract in both formats, what is in a line, where lines go. */
import fs from 'node:fs';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, type LogLevel } from '@mailverb/contract';
import { FakeClock, contributionsOf, describeLogger } from '@mailverb/testing';
import { pinoOptions } from './pino.options.js';
import { PinoLogger } from './pino.logger.js';
import { pinoPlugin } from './plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-pino-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => jest.restoreAllMocks());

let files = 0;

function make(options: Partial<Parameters<typeof pinoOptions.parse>[0] & object> = {}) {
  const file = join(folder, `${++files}.log`);
  const logger = new PinoLogger(pinoOptions.parse({ destination: { file }, ...options }), new FakeClock());
  const output = async () => {
    await logger.start();
    await logger.stop();
    return readFileSync(file, 'utf8');
  };
  return { logger, output, file };
}

const records = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

for (const format of ['json', 'pretty'] as const) {
  describeLogger(`pino (${format})`, async (level: LogLevel) => {
    const made = make({ level, format });
    await made.logger.start();
    return { ...made, close: () => made.logger.stop() };
  });
}

describe('PinoLogger', () => {
  it('writes an object a line: time by the clock, level by its name, no process', async () => {
    const { logger, output } = make();
    logger.child({ session: 's-1' }).info({ octets: 7 }, 'mail came');
    expect(records(await output())).toEqual([
      { level: 'info', time: '2026-01-01T00:00:00.000Z', session: 's-1', octets: 7, msg: 'mail came' },
    ]);
  });

  it('adds the process where that is wanted', async () => {
    const { logger, output } = make({ process: true });
    logger.info({ pid: 'mine' }, 'x');
    expect(records(await output())[0]).toMatchObject({ pid: process.pid, hostname: hostname(), pid_: 'mine' });
  });

  it('lets no field take the place of level, time or message', async () => {
    const { logger, output } = make();
    const forged = { level: 'fatal', time: 'never', msg: 'forged' };
    logger.info(forged, 'true');
    logger.child({ ...forged, serializers: 'x' }).info({}, 'true');
    for (const record of records(await output())) {
      expect(record).toMatchObject({
        level: 'info',
        time: '2026-01-01T00:00:00.000Z',
        msg: 'true',
        level_: 'fatal',
        time_: 'never',
        msg_: 'forged',
      });
    }
  });

  it('writes errors with their stack and fields, under any name', async () => {
    const { logger, output } = make();
    logger.error({ error: Object.assign(new Error('no'), { code: 'ENOSPC' }), err: new TypeError('nor this') }, 'x');
    expect(records(await output())[0]).toMatchObject({
      error: { name: 'Error', message: 'no', code: 'ENOSPC', stack: expect.stringContaining('pino.logger.spec') },
      err: { name: 'TypeError', message: 'nor this' },
    });
  });

  it('redacts the names that it is told, too (attack A23)', async () => {
    const { logger, output } = make({ redact: ['card-number'] });
    logger.info({ deep: [{ cardNumber: 1234 }], cardNumbers: 2 }, 'x');
    expect(records(await output())[0]).toMatchObject({ deep: [{ cardNumber: '[redacted]' }], cardNumbers: 2 });
  });

  it('writes nothing when silent', async () => {
    const { logger, output } = make({ level: 'silent' });
    logger.fatal({}, 'x');
    expect(logger.enabled('fatal')).toBe(false);
    expect(await output()).toBe('');
  });

  it('writes text for people in the format pretty', async () => {
    const { logger, output } = make({ format: 'pretty' });
    logger.warn({ from: 'a\r\nb', name: 'x\ny', user: { id: 7 } }, 'odd\nmail');
    expect(await output()).toMatch(
      /^\[\d\d:\d\d:\d\d\.000\] WARN \(x\\ny\): odd\\nmail \{"from":"a\\r\\nb","user":\{"id":7\}\}\n$/,
    );
  });

  it('reopens its file on SIGUSR2, from its start to its stop', async () => {
    const { logger, file } = make();
    const before = process.listenerCount('SIGUSR2');
    await logger.start();
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    logger.info({}, 'old');
    renameSync(file, `${file}.1`);
    process.emit('SIGUSR2', 'SIGUSR2');
    await logger.stop();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    await logger.start();
    logger.info({}, 'new');
    await logger.stop();
    expect(readFileSync(`${file}.1`, 'utf8')).toContain('old');
    expect(records(readFileSync(file, 'utf8'))).toMatchObject([{ msg: 'new' }]);
  });

  it('refuses to start where it cannot write', async () => {
    const { logger } = make({ destination: { file: join(folder, 'no\0file') } });
    await expect(logger.start()).rejects.toThrow('cannot open the log file');
  });

  describe('on the standard streams', () => {
    function device(take: (fd: number, text: string) => NodeJS.ErrnoException | null) {
      jest.spyOn(fs, 'write').mockImplementation(((
        fd: number,
        data: Buffer,
        _from: number,
        _length: number,
        _at: null,
        callback: (error: Error | null, written: number) => void,
      ) => {
        setImmediate(callback, take(fd, String(data)), data.length);
      }) as never);
    }

    it('writes to stdout unless told otherwise, and all of it by the stop', async () => {
      const written: string[] = [];
      device((fd, text) => {
        written.push(`${fd}: ${text}`);
        return null;
      });
      const out = new PinoLogger(pinoOptions.parse({}), new FakeClock());
      const err = new PinoLogger(pinoOptions.parse({ destination: 'stderr' }), new FakeClock());
      out.info({}, 'before the start');
      await out.start();
      out.info({}, 'one');
      err.info({}, 'error');
      await Promise.all([out.stop(), err.stop()]);
      expect(written.join('')).toMatch(/1: .*before the start.*\n2: .*error.*\n1: .*one.*\n$/);
    });

    it('tells stderr when its file cannot be written', async () => {
      const full = Object.assign(new Error('disk\nfull'), { code: 'ENOSPC' });
      const told: string[] = [];
      device((fd, text) => {
        if (fd === 2) told.push(text);
        return fd === 2 ? null : full;
      });
      const { logger, file } = make();
      await logger.start();
      logger.info({}, 'lost');
      await logger.stop();
      expect(told).toEqual([`mailverb: cannot write to the log file ${file}: disk\\nfull\n`]);
    });

    it('lives on when the reader has gone (EPIPE)', async () => {
      device(() => Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
      const logger = new PinoLogger(pinoOptions.parse({}), new FakeClock());
      logger.info({}, 'nobody reads');
      await logger.stop();
      logger.fatal({}, 'nobody reads');
      await logger.stop();
    });
  });
});

describe('the manifest', () => {
  it('provides the service Logger', () => {
    expect(pinoPlugin.name).toBe('logging-pino');
    expect(contributionsOf(pinoPlugin)).toEqual([{ kind: 'service', name: Logger, value: PinoLogger }]);
  });

  it('has defaults for all options', () => {
    expect(pinoOptions.parse({})).toEqual({
      level: 'info',
      format: 'json',
      destination: 'stdout',
      redact: [],
      process: false,
    });
  });

  it.each([{ levle: 'info' }, { level: 'loud' }, { format: 'xml' }, { destination: { flie: 'x' } }, { redact: [''] }])(
    'refuses %j',
    (options) => {
      expect(pinoOptions.safeParse(options).success).toBe(false);
    },
  );
});
