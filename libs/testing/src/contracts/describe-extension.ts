/** The contract suite of service extensions: what is true of all of them. Uses the globals of jest. */
import type { Extension, ParameterHandler, Session } from '@mailverb/contract';
import { MAX_REPLY_LINE, Reply } from '@mailverb/protocol';
import fc from 'fast-check';
import { expectRefusal } from './check-reply.js';
import { HOSTILE_TEXTS, hasControl, hostileText, lookalikesOf } from './hostile.js';
import { sessionsInAllPhases } from './sessions.js';

/** What one parameter takes and refuses. */
export interface ParameterSuite {
  /** Values and what they mean; the value is undefined where there is no `=`. */
  readonly takes: readonly (readonly [value: string | undefined, meaning: unknown])[];
  readonly refuses: readonly (string | undefined)[];
}

/** What the suite must know about an extension to test it well. */
export interface ExtensionSuite {
  /** By verb and keyword: `MAIL SIZE`. One for each parameter that the extension owns. */
  readonly parameters?: Readonly<Record<string, ParameterSuite>>;
  /** Gives the sessions to try it in; default one in each phase, after EHLO. */
  readonly sessions?: () => readonly Session[];
}

type AnyHandler = ParameterHandler<'MAIL' | 'RCPT', string, unknown>;

/**
 * Tests a service extension against its contract.
 * @param factory makes a fresh one, with everything that it injects.
 */
export function describeExtension(name: string, factory: () => Extension, suite: ExtensionSuite = {}): void {
  const { sessions = sessionsInAllPhases } = suite;
  const handlers = (): readonly AnyHandler[] => factory().parameters ?? [];
  const title = (handler: AnyHandler): string => `${handler.verb} ${handler.keyword}`;

  function read(handler: AnyHandler, value: string | undefined, session: Session): unknown {
    const meaning = handler.parse(value, session);
    if (meaning instanceof Reply) expectRefusal(meaning);
    else expectHarmless(meaning);
    return meaning instanceof Reply ? meaning.toString() : meaning;
  }

  describe(`extension ${name} keeps the contract`, () => {
    it('has a keyword as RFC 5321 4.1.1.1 has it, upper case', () => {
      expect(factory().keyword).toMatch(/^[A-Z0-9][A-Z0-9-]*$/);
      expect(factory().keyword).toBe(name.toUpperCase());
    });

    it('has an argument that fits into a line of the EHLO reply, the same each time', () => {
      const extension = factory();
      for (const session of sessions()) {
        const argument = extension.argument?.(session);
        expect(extension.argument?.(session)).toBe(argument);
        if (argument === undefined || argument === false) continue;
        expect(argument).toMatch(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/);
        expect(`250-${extension.keyword} ${argument}\r\n`.length).toBeLessThanOrEqual(MAX_REPLY_LINE);
      }
    });

    it('adds a whole number of octets to the command line', () => {
      const { commandLineOctets = 0 } = factory();
      expect(Number.isSafeInteger(commandLineOctets) && commandLineOctets >= 0).toBe(true);
    });

    it('owns parameters of MAIL and RCPT, each once, and the suite knows them', () => {
      for (const { verb, keyword } of handlers()) {
        expect(['MAIL', 'RCPT']).toContain(verb);
        expect(keyword).toMatch(/^[A-Z0-9][A-Z0-9-]*$/);
      }
      const titles = handlers().map(title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(Object.keys(suite.parameters ?? {}).toSorted()).toEqual(titles.toSorted());
    });

    for (const handler of handlers()) {
      const { takes, refuses } = suite.parameters?.[title(handler)] ?? { takes: [], refuses: [] };

      it.each(takes.map(([value, meaning]) => ({ value, meaning })))(`${title(handler)} takes $value`, (row) => {
        for (const session of sessions()) expect(read(handler, row.value, session)).toEqual(row.meaning);
      });

      it.each(refuses.map((value) => ({ value })))(`${title(handler)} refuses $value`, ({ value }) => {
        for (const session of sessions()) expect(handler.parse(value, session)).toBeInstanceOf(Reply);
      });

      it(`${title(handler)} does not take a letter for another that looks like it (attack A6)`, () => {
        for (const [value, meaning] of takes) {
          for (const other of lookalikesOf(value ?? '')) {
            for (const session of sessions()) expect(read(handler, other, session)).not.toEqual(meaning);
          }
        }
      });

      it(`${title(handler)} makes something harmless of whatever is written there (attacks A6, A8, A10)`, () => {
        for (const text of HOSTILE_TEXTS) for (const session of sessions()) read(handler, text, session);
        const values = fc.option(hostileText, { nil: undefined });
        fc.assert(
          fc.property(values, fc.constantFrom(...sessions()), (text, session) => void read(handler, text, session)),
        );
      });

      it(`${title(handler)} means the same whatever was said before, and by whom`, () => {
        const value = fc.tuple(
          fc.oneof(fc.constantFrom(...takes.map(([text]) => text)), hostileText),
          fc.constantFrom(...sessions()),
        );
        fc.assert(
          fc.property(fc.array(value, { maxLength: 8 }), (values) => {
            for (const [text, session] of values) {
              const fresh = handlers().find((one) => title(one) === title(handler));
              expect(fresh).toBeDefined();
              if (fresh !== undefined) expect(read(handler, text, session)).toEqual(read(fresh, text, session));
            }
          }),
          { numRuns: 30 },
        );
      });
    }
  });
}

/** What a value means goes into headers, logs, reports and upstream commands: no text in it may break a line there. */
function expectHarmless(meaning: unknown): void {
  if (typeof meaning === 'string') expect(hasControl(meaning) ? meaning : '').toBe('');
  else if (meaning instanceof Set || meaning instanceof Map) [...meaning].forEach(expectHarmless);
  else if (typeof meaning === 'object' && meaning !== null) Object.values(meaning).forEach(expectHarmless);
}
