/** The contract suite of policies: what is true of all of them. Uses the globals of jest. */
import {
  STAGES,
  STAGE_PHASES,
  isRefusal,
  type Lifecycle,
  type MaybePromise,
  type Policy,
  type PolicyContext,
  type Session,
  type Stage,
  type StageInputs,
  type Verdict,
} from '@mailverb/contract';
import { heldBytes } from '@mailverb/body';
import fc from 'fast-check';
import { within } from '../event-loop.js';
import { expectReply } from './check-reply.js';
import { testContext, testEnvelope } from './fixtures.js';
import { hostileFacts, sessionOf, type Facts, type KnownFacts } from './hostile-facts.js';
import { hasControl } from './hostile.js';
import { random, randomLines } from './message-source.js';

/** What the suite may know about a policy to test it well. */
export interface PolicySuite extends KnownFacts {
  /** The stages at which it has a say, exactly. */
  readonly stages?: readonly Stage[];
  /** True if what it heard before may change its answer (greylisting, rate limits). Default false. */
  readonly remembers?: boolean;
  /** How long it may take to end when its time is up, in milliseconds; a guard and nothing else. */
  readonly patienceMs?: number;
}

/** Makes a fresh one, with everything that it injects. */
export type PolicyFactory = () => Policy & Lifecycle;

/** The session as it is at that stage. */
function sessionAt(stage: Stage, facts: Facts): Session {
  const { earlier, mailbox } = facts;
  // A stage is asked in the last of its phases too, and that is where most is known.
  const phase = stage === 'helo' ? 'greeted' : (STAGE_PHASES[stage].at(-1) ?? 'connected');
  if (stage === 'rcpt') return sessionOf(facts, phase, earlier);
  return stage === 'data' || stage === 'message'
    ? sessionOf(facts, phase, [...earlier, mailbox])
    : sessionOf(facts, phase);
}

function envelopeOf({ envelope }: Session): NonNullable<Session['envelope']> {
  return envelope ?? testEnvelope();
}

const INPUTS: { readonly [S in Stage]: (session: Session, facts: Facts, policy: Policy) => StageInputs[S] } = {
  connect: (session) => ({ session }),
  helo: (session, { helo }) => ({ session, name: helo, verb: 'EHLO' }),
  auth: (session, { identity }) => ({ session, mechanism: 'PLAIN', identity: identity ?? 'ann' }),
  mail: (session, { sender }) => ({
    session,
    reversePath: sender,
    parameters: { SMTPUTF8: sender?.utf8 === true ? true : undefined },
  }),
  rcpt: (session, { mailbox }) => ({ session, envelope: envelopeOf(session), mailbox, parameters: {} }),
  data: (session) => ({ session, envelope: envelopeOf(session) }),
  message: (session, { seed }, policy) => {
    const bytes = Buffer.concat([Buffer.from('Subject: test\r\n\r\n'), randomLines(seed, random(seed))]);
    const message = policy.wholeMessage === true ? heldBytes(bytes) : undefined;
    return { session, envelope: envelopeOf(session), size: bytes.length, message };
  },
};

function ask<S extends Stage>(
  policy: Policy,
  stage: S,
  facts: Facts,
  context: PolicyContext = testContext(),
): MaybePromise<Verdict> {
  const methods: { readonly [T in Stage]?: (input: StageInputs[T], context: PolicyContext) => MaybePromise<Verdict> } =
    policy;
  const method = methods[stage];
  if (method === undefined) throw new Error(`no say at stage ${stage}`);
  const input = INPUTS[stage](sessionAt(stage, facts), facts, policy);
  Object.freeze(input);
  return method.call(policy, input, context);
}

/** Fails the test if this is no verdict as the contract has it. */
export function expectVerdict(verdict: Verdict): void {
  expect(['pass', 'accept', 'reject', 'defer', 'hangup']).toContain(verdict.kind);
  for (const [key, value] of Object.entries(verdict.annotate ?? {})) {
    expect(key).not.toBe('');
    expect(typeof value).toBe('string');
    // Annotations go into headers and logs (attack A6).
    expect(hasControl(key + value) ? `${key}: ${value}` : '').toBe('');
  }
  if (!isRefusal(verdict)) return;
  const { kind, reply } = verdict;
  // RFC 2034 4: where the reply is to HELO or EHLO, there may be no enhanced status code.
  expectReply(reply, { enhancedCodes: reply.enhanced !== undefined });
  const fits = kind === 'reject' ? reply.permanent : kind === 'defer' ? reply.transient : !reply.positive;
  expect({ kind, reply: reply.toString(), fits }).toEqual({ kind, reply: reply.toString(), fits: true });
}

/** A verdict as a value: a reply remembers its wire form once it was sent, which is no difference. */
function spoken(verdict: Verdict): unknown {
  return isRefusal(verdict) ? { ...verdict, reply: verdict.reply.toString() } : verdict;
}

/**
 * Tests a policy against its contract.
 * @param factory called once or more for each test.
 */
export function describePolicy(name: string, factory: PolicyFactory, suite: PolicySuite = {}): void {
  const stages = STAGES.filter((stage) => factory()[stage] !== undefined);
  const question = fc.tuple(fc.constantFrom(...(stages.length === 0 ? STAGES : stages)), hostileFacts(suite));

  async function started(test: (fresh: () => Promise<Policy>) => Promise<void>): Promise<void> {
    const made: (Policy & Lifecycle)[] = [];
    const fresh = async (): Promise<Policy> => {
      const policy = factory();
      await policy.start?.();
      made.push(policy);
      return policy;
    };
    try {
      await test(fresh);
    } finally {
      for (const policy of made.toReversed()) await policy.stop?.();
    }
  }

  describe(`policy ${name} keeps the contract`, () => {
    it('has a say somewhere', () => {
      expect(stages.length).toBeGreaterThan(0);
      for (const stage of stages) expect(typeof factory()[stage]).toBe('function');
      if (suite.stages !== undefined) expect(stages.toSorted()).toEqual(suite.stages.toSorted());
    });

    it('wants the whole message only where it judges it', () => {
      const policy = factory();
      if (policy.wholeMessage === true) expect(policy.message).toBeDefined();
    });

    it('gives a verdict whose reply fits, and changes nothing, whatever it is asked (attacks A6 to A8, A10)', async () => {
      await started(async (fresh) => {
        const policy = await fresh();
        await fc.assert(
          fc.asyncProperty(question, async ([stage, facts]) => expectVerdict(await ask(policy, stage, facts))),
          { numRuns: 300 },
        );
      });
    });

    if (suite.remembers !== true) {
      it('gives the same answer to the same question', async () => {
        await started(async (fresh) => {
          const policy = await fresh();
          await fc.assert(
            fc.asyncProperty(question, async ([stage, facts]) => {
              const first = spoken(await ask(policy, stage, facts));
              expect(spoken(await ask(policy, stage, facts))).toEqual(first);
            }),
          );
        });
      });

      it('holds nothing of a session: what was asked before, or is asked beside, changes nothing', async () => {
        await started(async (fresh) => {
          const old = await fresh();
          await fc.assert(
            fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 8 }), async (asked) => {
              const beside = await Promise.all(asked.map(async ([stage, facts]) => ask(old, stage, facts)));
              for (const [i, [stage, facts]] of asked.entries()) {
                const alone = await ask(await fresh(), stage, facts);
                expect(spoken(beside[i] ?? alone)).toEqual(spoken(alone));
              }
            }),
            { numRuns: 30 },
          );
        });
      });
    }

    it('comes to an end when its time is up', async () => {
      await started(async (fresh) => {
        const policy = await fresh();
        for (const [stage, facts] of fc.sample(question, { numRuns: 10, seed: 1 })) {
          const time = new AbortController();
          const answer = Promise.resolve(ask(policy, stage, facts, testContext(time.signal)));
          time.abort();
          const settled = answer.then(expectVerdict, (error: unknown) => expect(error).toBeDefined());
          const noEnd = () => new Error(`no end at stage ${stage}, although the signal has fired`);
          await within(settled, noEnd, suite.patienceMs);
        }
      });
    });
  });
}
