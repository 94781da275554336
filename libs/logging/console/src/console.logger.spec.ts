/** The console logger: the contract, what a line looks like, a reader that goes away. */
import { Logger, type LogLevel } from '@mailverb/contract';
import { FAKE_EPOCH, FakeClock, contributionsOf, describeLogger } from '@mailverb/testing';
import { ConsoleLogger } from './console.logger.js';
import { consoleOptions } from './console.options.js';
import { consolePlugin } from './plugin.js';

const mockTerminal = { is: false };
jest.mock('node:tty', () => ({ isatty: () => mockTerminal.is }));

let written = '';
let fail: Error | undefined;
beforeEach(() => {
  written = '';
  fail = undefined;
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation(((text: string, done?: (error?: Error) => void) => {
      if (fail === undefined) written += text;
      done?.(fail);
      return true;
    }) as never);
  }
});
afterEach(() => jest.restoreAllMocks());

const make = (options: object = {}) => new ConsoleLogger(consoleOptions.parse(options), new FakeClock());

describeLogger('console', (level: LogLevel) => {
  const logger = make({ level });
  return { logger, output: () => written, close: () => logger.stop() };
});

describe('ConsoleLogger', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const now = new Date(FAKE_EPOCH);
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');

  it('writes the time, the level, the message and the fields', () => {
    const logger = make().child({ session: 's-1' });
    logger.info({ from: 'a@example.org', octets: 7, tls: true, helo: 'two words', none: null, empty: '' }, 'mail came');
    logger.warn({ list: ['a', 1], user: { id: 7 } }, 'odd');
    expect(written).toBe(
      `${time} info  mail came session=s-1 from=a@example.org octets=7 tls=true helo="two words" none=null empty=""\n` +
        `${time} warn  odd session=s-1 list=["a",1] user={"id":7}\n`,
    );
  });

  it('lets no value pass for another field, and no escape for what it stands for', () => {
    make().info({ a: 'x b=y', c: 'd=e', f: '"', g: 'a\nb', h: 'a\\nb', 'i j': 1 }, 'm');
    expect(written).toBe(`${time} info  m a="x b=y" c="d=e" f="\\"" g="a\\nb" h="a\\\\nb" "i j"=1\n`);
  });

  it('has colours on a terminal alone', () => {
    mockTerminal.is = true;
    // Whoever runs the tests may have set it for themselves.
    jest.replaceProperty(process, 'env', { ...process.env, NO_COLOR: '' });
    try {
      make().error({ a: '\x1b[2J' }, 'm\x1b[31m');
    } finally {
      mockTerminal.is = false;
    }
    expect(written).toBe(`\x1b[2m${time}\x1b[0m \x1b[31merror\x1b[0m m\\x1b[31m \x1b[2ma=\x1b[0m"\\u001b[2J"\n`);
  });

  it('redacts the names that it is told, too (attack A23)', () => {
    make({ redact: ['card'] }).info({ card: 1234, cards: 2 }, 'm');
    expect(written).toContain('card="[redacted]" cards=2');
  });

  it('writes nothing when silent', () => {
    make({ level: 'silent' }).fatal({}, 'm');
    expect(written).toBe('');
  });

  it.each(['stdout', 'stderr'] as const)('writes to %s', (destination) => {
    make({ destination }).info({}, 'm');
    expect(process[destination].write).toHaveBeenCalledTimes(1);
    const other = destination === 'stdout' ? 'stderr' : 'stdout';
    expect(process[other].write).not.toHaveBeenCalled();
  });

  it('lives on when the reader has gone (EPIPE), and writes no more', async () => {
    const logger = make();
    const before = process.stdout.listenerCount('error');
    logger.info({}, 'first');
    expect(process.stdout.listenerCount('error')).toBe(before + 1);
    process.stdout.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    logger.info({}, 'second');
    expect(written).toMatch(/ first\n$/);
    await logger.stop();
    process.stdout.removeAllListeners('error');
  });

  it('keeps its listener where the last write fails, as the event comes after', async () => {
    const logger = make();
    const before = process.stdout.listenerCount('error');
    logger.info({}, 'first');
    fail = new Error('broken pipe');
    await logger.stop();
    expect(process.stdout.listenerCount('error')).toBe(before + 1);
    process.stdout.emit('error', fail);
    process.stdout.removeAllListeners('error');
  });

  it('removes its listener at the stop, and writes on when asked', async () => {
    const logger = make();
    const before = process.stdout.listenerCount('error');
    await logger.stop();
    logger.info({}, 'first');
    await logger.stop();
    expect(process.stdout.listenerCount('error')).toBe(before);
    logger.info({}, 'late');
    expect(written).toMatch(/ late\n$/);
    await logger.stop();
  });

  it('drops lines for a reader that does not read, before they fill the memory', () => {
    const logger = make();
    Object.defineProperty(process.stdout, 'writableLength', { value: 5_000_000, configurable: true });
    logger.info({}, 'dropped');
    Reflect.deleteProperty(process.stdout, 'writableLength');
    logger.info({}, 'written');
    expect(written).not.toContain('dropped');
    expect(written).toContain('written');
  });
});

describe('the manifest', () => {
  it('provides the service Logger', () => {
    expect(consolePlugin.name).toBe('logging-console');
    expect(contributionsOf(consolePlugin)).toEqual([{ kind: 'service', name: Logger, value: ConsoleLogger }]);
  });

  it('has defaults for all options', () => {
    expect(consoleOptions.parse({})).toEqual({ level: 'info', destination: 'stdout', redact: [] });
  });

  it.each([{ levle: 'info' }, { level: 'loud' }, { destination: { file: 'x' } }])('refuses %j', (options) => {
    expect(consoleOptions.safeParse(options).success).toBe(false);
  });
});
