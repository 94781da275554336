/** The contract suite of verbs: what is true of all of them. Uses the globals of jest. */
import type { Effect, Session, Verb, VerbOutcome } from '@mailverb/contract';
import { PHASES, PHASE_TABLE, Reply, type PhaseRow } from '@mailverb/protocol';
import fc from 'fast-check';
import { expectEffect, expectOutcome, expectQuestion, outcomeOf } from './check-outcome.js';
import { expectRefusal, type ReplyRules } from './check-reply.js';
import { HOSTILE_TEXTS, hasControl, hostileText } from './hostile.js';
import { sessionIn, sessionsInAllPhases } from './sessions.js';

/** What the suite must know about a verb to test it well. */
export interface VerbSuite extends ReplyRules {
  /** Arguments that it understands in every phase in which it is legal. Default: none at all. */
  readonly args?: readonly string[];
  /** Arguments that `parse` must refuse, in any phase. */
  readonly refuses?: readonly string[];
  /** What is true of the sessions in which it exists, where not all are such: TLS, a trusted peer. */
  readonly session?: Partial<Session>;
  /** Gives the sessions to try it in; default one in each phase, after EHLO. */
  readonly sessions?: () => readonly Session[];
}

const ROWS: ReadonlyMap<string, PhaseRow> = new Map(Object.entries(PHASE_TABLE));

/** What one command came to; compared as a value. */
interface Heard {
  readonly refused?: Reply;
  readonly outcome?: VerbOutcome;
  readonly refusalEffect?: Effect;
}

/**
 * Tests a verb against its contract.
 * @param factory makes a fresh one, with everything that it injects.
 */
export function describeVerb<P>(name: string, factory: () => Verb<P>, suite: VerbSuite = {}): void {
  const { args = [''], refuses = [], sessions = () => sessionsInAllPhases(suite.session) } = suite;

  async function hear(verb: Verb<P>, text: string, session: Session): Promise<Heard> {
    const params = verb.parse(text, session);
    if (params instanceof Reply) return { refused: params };
    const outcome = await outcomeOf(await verb.perform(params, session), session);
    return { outcome, refusalEffect: verb.refusalEffect?.(params) };
  }

  function judge(heard: Heard): void {
    if (heard.refused !== undefined) expectRefusal(heard.refused, suite);
    if (heard.outcome !== undefined) expectOutcome(heard.outcome, suite);
    if (heard.refusalEffect !== undefined) expectEffect(heard.refusalEffect);
  }

  describe(`verb ${name} keeps the contract`, () => {
    it('has a name as it stands in a command, upper case', () => {
      expect(factory().name).toMatch(/^[A-Z][A-Z0-9-]*$/);
      expect(factory().name).toBe(name.toUpperCase());
    });

    it('says where it is legal, and as RFC 5321 says if it is one of its verbs', () => {
      const { phases, endsBatch = false } = factory();
      const row = ROWS.get(factory().name);
      expect(phases.length).toBeGreaterThan(0);
      expect(new Set(phases).size).toBe(phases.length);
      for (const phase of phases) expect(PHASES).toContain(phase);
      if (row !== undefined) expect({ phases, endsBatch }).toEqual({ phases: row.phases, endsBatch: row.endsBatch });
    });

    it('has a line for HELP that begins with its name', () => {
      const { help } = factory();
      if (help === undefined) return;
      expect(help.split(' ')[0]).toBe(factory().name);
      expect(hasControl(help)).toBe(false);
    });

    for (const text of args) {
      it(`understands "${text}" wherever it is legal`, async () => {
        const verb = factory();
        for (const session of verb.phases.map((phase) => sessionIn(phase, suite.session))) {
          expect(verb.available?.(session) ?? true).toBe(true);
          const params = verb.parse(text, session);
          if (params instanceof Reply) throw new Error(`refused in phase ${session.phase}: ${params}`);
          expectQuestion(verb.question?.(params, session), session);
          const outcome = await outcomeOf(await verb.perform(params, session), session);
          expectOutcome(outcome, suite);
        }
      });
    }

    for (const text of refuses) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        for (const session of sessions()) {
          const params = factory().parse(text, session);
          if (!(params instanceof Reply)) throw new Error(`understood in phase ${session.phase}`);
          expectRefusal(params, suite);
        }
      });
    }

    it('gives a well-formed answer to whatever is written behind it (attacks A3, A6, A8, A10)', async () => {
      const verb = factory();
      for (const text of HOSTILE_TEXTS) for (const session of sessions()) judge(await hear(verb, text, session));
      await fc.assert(
        fc.asyncProperty(hostileText, fc.constantFrom(...sessions()), async (text, session) => {
          judge(await hear(verb, text, session));
        }),
      );
    });

    it('asks the policies about this session and nothing else', () => {
      const verb = factory();
      const ask = (text: string, session: Session): void => {
        const params = verb.parse(text, session);
        if (!(params instanceof Reply)) expectQuestion(verb.question?.(params, session), session);
      };
      for (const session of sessions()) for (const text of [...args, ...HOSTILE_TEXTS]) ask(text, session);
    });

    it('holds nothing of a session: what was said before, and by whom, changes nothing', async () => {
      const command = fc.tuple(fc.oneof(fc.constantFrom(...args), hostileText), fc.constantFrom(...sessions()));
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 8 }), async (commands) => {
          const old = factory();
          for (const [text, session] of commands) {
            expect(spoken(await hear(old, text, session))).toEqual(spoken(await hear(factory(), text, session)));
          }
        }),
        { numRuns: 30 },
      );
    });
  });
}

// A reply remembers its wire form once it was sent, which is no difference.
function spoken({ refused, outcome, refusalEffect }: Heard): unknown {
  const { reply, effect } = outcome ?? {};
  return { refused: refused?.toString(), reply: reply?.toString(), effect, refusalEffect };
}
