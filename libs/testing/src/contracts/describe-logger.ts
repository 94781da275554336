/** The contract suite of loggers: what is true of all of them. Uses the globals of jest. */
import type { LogFields, LogLevel, Logger } from '@mailverb/contract';
import { expectLines, HOSTILE_LINES, hostileValues, MANY, secretFields } from './hostile-fields.js';

/** A logger, and what it wrote. */
export interface LoggerUnderTest {
  readonly logger: Logger;
  /** Everything written so far, as text; asked for several times. */
  output(): string | Promise<string>;
  close?(): void | Promise<void>;
}

/** Makes a fresh logger that writes lines of `level` and above, with no colours. */
export type LoggerFactory = (level: LogLevel) => LoggerUnderTest | Promise<LoggerUnderTest>;

// What a sane line is at most: a message of a megabyte may stand in it once.
const MAX_LINE = 1_100_000;

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/**
 * Tests a logger against its contract.
 * @param factory makes a fresh one; called for each test.
 */
export function describeLogger(name: string, factory: LoggerFactory): void {
  describe(`logger ${name} keeps the contract`, () => {
    /** Runs `use` with a fresh logger, which is closed whatever happens. */
    async function withLogger<T>(level: LogLevel, use: (made: LoggerUnderTest) => T | Promise<T>): Promise<T> {
      const made = await factory(level);
      try {
        return await use(made);
      } finally {
        await made.close?.();
      }
    }

    /** What `write` makes the logger write: complete lines without a control character (attack A6). */
    function lines(write: (logger: Logger) => void, level: LogLevel = 'trace'): Promise<readonly string[]> {
      return withLogger(level, async (made) => {
        write(made.logger);
        return expectLines(await made.output());
      });
    }

    for (const level of LEVELS) {
      const from = LEVELS.indexOf(level);

      it(`writes, at level ${level}, that level and above, in order`, async () => {
        const written = await lines((logger) => {
          for (const each of LEVELS) logger[each]({}, `a line of ${each}`);
          for (const each of LEVELS) logger.child({ c: 1 })[each]({}, `a child's line of ${each}`);
        }, level);
        expect(written.length).toBe(2 * (LEVELS.length - from));
        LEVELS.slice(from).forEach((each, i) => {
          expect(written[i]).toContain(`a line of ${each}`);
          expect(written[i + LEVELS.length - from]).toContain(`a child's line of ${each}`);
        });
      });

      it(`says beforehand what it writes at level ${level}`, async () => {
        await withLogger(level, ({ logger }) => {
          expect(LEVELS.filter((each) => logger.enabled(each))).toEqual(LEVELS.slice(from));
          expect(LEVELS.filter((each) => logger.child({ c: 1 }).enabled(each))).toEqual(LEVELS.slice(from));
        });
      });
    }

    it('names the level of each line', async () => {
      const written = await lines((logger) => LEVELS.forEach((level) => logger[level]({}, 'message')));
      written.forEach((line, i) => expect(line.toLowerCase()).toContain(LEVELS[i]));
    });

    it('writes the message and the fields', async () => {
      const [line] = await lines((logger) => logger.info({ session: 'abc-1', octets: 1234, tls: false }, 'mail came'));
      for (const part of ['mail came', 'session', 'abc-1', 'octets', '1234', 'tls', 'false'])
        expect(line).toContain(part);
    });

    it("gives a child's fields to its lines, to its children's, and to no others", async () => {
      const written = await lines((logger) => {
        const child = logger.child({ session: 'abc-1' });
        const grandchild = child.child({ mail: 'def-2' });
        grandchild.info({ rcpt: 'ghi-3' }, 'grandchild');
        child.info({}, 'child');
        logger.info({}, 'parent');
      });
      const has = (line: string | undefined) => ['abc-1', 'def-2', 'ghi-3'].filter((part) => line?.includes(part));
      expect(written.map(has)).toEqual([['abc-1', 'def-2', 'ghi-3'], ['abc-1'], []]);
    });

    it('shows an error: its message, where it came from, its cause', async () => {
      const error = new TypeError('it broke', { cause: new Error('the disk is full') });
      const [line, ...more] = await lines((logger) =>
        logger.error({ error, where: 'delivery maildir' }, 'delivery failed'),
      );
      expect(more).toEqual([]);
      for (const part of [
        'delivery failed',
        'TypeError',
        'it broke',
        'describe-logger',
        'the disk is full',
        'maildir',
      ]) {
        expect(line).toContain(part);
      }
    });

    it('takes anything for an error, as anything can be thrown', async () => {
      const thrown = ['text', undefined, null, 7, { message: 'not really' }, Symbol('s')];
      const written = await lines((logger) => {
        for (const error of thrown) logger.error({ error }, 'caught');
      });
      expect(written.length).toBe(thrown.length);
    });

    it.each(HOSTILE_LINES)('writes one line whatever stands in it (attack A6): $title', async ({ text }) => {
      const uses: readonly ((logger: Logger) => void)[] = [
        (logger) => logger.info({}, text),
        (logger) => logger.info({ text }, 'a value'),
        (logger) => logger.info({ [text]: 'x' }, 'a name'),
        (logger) => logger.info({ deep: { list: [text], [text]: text } }, 'deeper'),
        (logger) => logger.info({ map: new Map([[text, text]]), set: new Set([text]) }, 'collections'),
        (logger) => logger.error({ error: new Error(text, { cause: text }) }, 'an error'),
        (logger) =>
          logger.error({ error: Object.assign(new Error('x'), { name: text, code: text, stack: text }) }, 'it'),
        (logger) => logger.child({ text, [text]: text }).info({}, 'of a child'),
      ];
      const written = await lines((logger) => uses.forEach((use) => use(logger)));
      expect(written.length).toBe(uses.length);
    });

    it('writes one line of a sane length for a message of a megabyte', async () => {
      const written = await lines((logger) => {
        logger.info({}, MANY);
        logger.info({ text: MANY, list: Array(20).fill(MANY), error: new Error(MANY) }, 'fields');
        logger.child({ text: MANY }).info({}, 'child');
        logger.info({}, 'and goes on');
      });
      expect(written.length).toBe(4);
      expect(written[3]).toContain('and goes on');
      for (const line of written) expect(line.length).toBeLessThan(MAX_LINE);
    });

    it.each(hostileValues())('writes one line and does not throw for $title', async ({ make: makeValue }) => {
      const written = await lines((logger) => {
        logger.info({ before: 'seen-1', value: makeValue(), after: 'seen-2' }, 'a field');
        logger.info({ nested: { list: [makeValue()] } }, 'deeper');
        logger.child({ value: makeValue() }).info({ after: 'seen-3' }, 'of a child');
        logger.info(makeValue() as LogFields, 'for all the fields');
        logger.info({}, makeValue() as string);
        logger.child(makeValue() as LogFields).info({}, 'for all the fields of a child');
        logger.info({}, 'and goes on');
      });
      expect(written.length).toBe(7);
      for (const line of written) expect(line.length).toBeLessThan(MAX_LINE);
      expect(written[0]).toMatch(/seen-1.*seen-2|seen-2.*seen-1/);
      expect(written[2]).toContain('seen-3');
      expect(written[6]).toContain('and goes on');
    });

    it('takes placeholders in a message for text', async () => {
      const [line] = await lines((logger) => logger.info({ a: 1 }, '100%s %d %j %o %%'));
      expect(line).toContain('100%s %d %j %o %%');
    });

    it('changes nothing that it is given', async () => {
      const fields = Object.freeze({ password: 'p', error: Object.freeze(new Error('x')), list: Object.freeze([1]) });
      const own = { password: 'p', deep: { token: 't' } };
      await lines((logger) => {
        logger.info(fields, 'frozen');
        logger.info(own, 'own');
        logger.child(own).info({}, 'child');
      });
      expect(own).toEqual({ password: 'p', deep: { token: 't' } });
    });

    it.each(secretFields())('redacts secrets (attack A23): $title', async ({ fields }) => {
      const written = await lines((logger) => {
        logger.info(fields, 'fields');
        logger.child(fields).info({}, 'child');
        logger.child(fields).child({ other: 1 }).info({}, 'grandchild');
      });
      expect(written.length).toBe(3);
      for (const line of written) {
        expect(line).not.toContain('hunter2');
        expect(line).toContain('beside');
      }
    });
  });
}
