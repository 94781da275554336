/** The logger of last resort: one line each, whatever is in it, and only what went wrong. */
import { StderrLogger } from './stderr-logger.js';

function written(log: (logger: StderrLogger) => void): string {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  log(new StderrLogger());
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
  write.mockRestore();
  return text;
}

describe('StderrLogger', () => {
  it('writes warnings and worse, and nothing else', () => {
    const text = written((logger) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level]({}, level);
    });
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { level: string }).level),
    ).toEqual(['warn', 'error', 'fatal']);
    const logger = new StderrLogger();
    expect(logger.enabled('info')).toBe(false);
    expect(logger.enabled('warn')).toBe(true);
  });

  it('writes one line, whatever the network has put into it', () => {
    const text = written((logger) => logger.warn({ helo: 'a\r\n{"level":"fatal"}\u2028\u0085' }, 'x\ny'));
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).not.toMatch(/[\r\u2028\u0085]/);
    expect(JSON.parse(text)).toMatchObject({ message: 'x\ny' });
  });

  it('says what an error says, shows no secret, and survives what cannot be written', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const text = written((logger) => {
      logger.error({ error: new Error('disk full'), password: 'hunter2', n: 1n, circle }, 'failed');
    });
    expect(text).toContain('disk full');
    expect(text).not.toContain('hunter2');
  });

  it('has children whose lines have their fields too', () => {
    const text = written((logger) => logger.child({ listener: 'mx' }).child({ part: 'x' }).warn({ a: 1 }, 'm'));
    expect(JSON.parse(text)).toMatchObject({ listener: 'mx', part: 'x', a: 1, message: 'm' });
  });
});
