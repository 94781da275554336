/** The contract suite of loggers finds what is wrong with a logger. */
import type { LogFields, LogLevel, Logger } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeLogger } from './describe-logger.js';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** How a small but good logger does each thing. */
interface Ways {
  escape(text: string): string;
  secret(name: string): boolean;
  show(value: unknown, depth: number, ways: Ways): string;
  /** The fields of a child and those of its line. */
  join(own: string, fields: string): string;
  childLevel(level: LogLevel): LogLevel;
  label(level: LogLevel): string;
}

const UNSAFE = /[^\x20-\x7e]/g;

const GOOD: Ways = {
  escape: (text) => text.slice(0, 5000).replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16)}`),
  secret: (name) => /pass|secret|token|authorization|credential|api_?key|private_?key/i.test(name),
  show: guarded,
  join: (own, fields) => own + fields,
  childLevel: (level) => level,
  label: (level) => level,
};

function guarded(value: unknown, depth: number, ways: Ways): string {
  try {
    if (typeof value !== 'object' || value === null)
      return typeof value === 'function' ? 'fn' : ways.escape(String(value));
    if (depth > 7) return '…';
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      return `${fields({ name, message, stack, cause }, depth + 1, ways)}${fields(value, depth + 1, ways)}`;
    }
    const entries = value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value;
    return fields(entries, depth + 1, ways);
  } catch {
    return '?';
  }
}

function fields(value: object, depth: number, ways: Ways): string {
  const names = Object.keys(value).slice(0, depth > 1 ? 4 : 20);
  return names
    .map((name) => {
      if (ways.secret(name)) return ` ${ways.escape(name)}=*`;
      let one: unknown;
      try {
        one = Reflect.get(value, name);
      } catch {
        one = '?';
      }
      return ` ${ways.escape(name)}=${ways.show(one, depth, ways)}`;
    })
    .join('');
}

class SmallLogger implements Logger {
  constructor(
    private readonly lines: string[],
    private readonly level: LogLevel,
    private readonly ways: Ways,
    private readonly own = '',
  ) {}

  trace = this.writer('trace');
  debug = this.writer('debug');
  info = this.writer('info');
  warn = this.writer('warn');
  error = this.writer('error');
  fatal = this.writer('fatal');

  child(more: LogFields): Logger {
    const { lines, level, ways, own } = this;
    return new SmallLogger(lines, ways.childLevel(level), ways, ways.join(own, ways.show(more, 0, ways)));
  }

  enabled(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.level);
  }

  private writer(level: LogLevel) {
    return (more: LogFields, message: string): void => {
      if (!this.enabled(level)) return;
      const { lines, ways, own } = this;
      const said = typeof message === 'string' ? message : typeof message;
      lines.push(`${ways.label(level)} ${ways.escape(said)}${ways.join(own, ways.show(more, 0, ways))}\n`);
    };
  }
}

const failures = (ways: Partial<Ways>): Promise<readonly string[]> =>
  failuresOf(() =>
    describeLogger('small', (level) => {
      const lines: string[] = [];
      return { logger: new SmallLogger(lines, level, { ...GOOD, ...ways }), output: () => lines.join('') };
    }),
  );

describe('describeLogger', () => {
  it('finds nothing wrong with a good logger', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each<[string, Partial<Ways>, string]>([
    ['a line that is two', { escape: (text) => text }, 'writes one line whatever stands in it'],
    ['an escape sequence', { escape: (text) => text.replace(/[\r\n]/g, ' ') }, 'writes one line whatever stands in it'],
    ['no bound', { escape: (text) => text.repeat(2).replace(UNSAFE, ' ') }, 'writes one line of a sane length'],
    ['a secret', { secret: () => false }, 'redacts secrets'],
    ['a secret in depth', { secret: (name) => /pass|secret|auth/i.test(name) }, 'redacts secrets'],
    ['all redacted', { secret: () => true }, 'redacts secrets'],
    ['a throw', { show: (value) => JSON.stringify(value) ?? '' }, 'does not throw'],
    [
      'an error that says nothing',
      { show: (value, depth, ways) => fields(Object(value), depth, ways) },
      'shows an error',
    ],
    ['a child without its fields', { join: (_own, more) => more }, "gives a child's fields to its lines"],
    ['a child of another level', { childLevel: () => 'fatal' }, 'writes, at level trace'],
    ['a child that says otherwise', { childLevel: () => 'trace' }, 'says beforehand what it writes at level info'],
    ['no level', { label: () => '' }, 'names the level'],
    ['a message that is formatted', { escape: (text) => GOOD.escape(text.replace('%s', 'x')) }, 'takes placeholders'],
    [
      'fields that are changed',
      { show: (value, depth, ways) => (Reflect.set(Object(value), 'password', '*'), guarded(value, depth, ways)) },
      'changes nothing',
    ],
  ])('finds %s', async (_what, ways, failed) => {
    expect(await failures(ways)).toContainEqual(expect.stringContaining(failed));
  });

  it('finds lines out of order, and one that never ends', async () => {
    const broken = (output: (lines: string[]) => string) =>
      failuresOf(() =>
        describeLogger('small', (level) => {
          const lines: string[] = [];
          return { logger: new SmallLogger(lines, level, GOOD), output: () => output(lines) };
        }),
      );
    expect(await broken((lines) => lines.toReversed().join(''))).toContainEqual(expect.stringContaining('in order'));
    expect(await broken((lines) => lines.join('').trimEnd())).toContainEqual(expect.stringContaining('in order'));
  });

  it('closes what it opens, whatever happens', async () => {
    const close = jest.fn();
    let opened = 0;
    await failuresOf(() =>
      describeLogger('small', (level) => {
        opened++;
        const logger = new SmallLogger([], level, GOOD);
        return { logger, output: () => 'no line at all', close };
      }),
    );
    expect(opened).toBeGreaterThan(10);
    expect(close).toHaveBeenCalledTimes(opened);
  });
});
