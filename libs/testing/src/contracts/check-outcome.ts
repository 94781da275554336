/** What must be true of every outcome of a verb. For the contract suite of verbs. */
import { STAGES } from '@mailverb/contract';
import type { Effect, Session, StageQuestion, VerbOutcome, VerbStep } from '@mailverb/contract';
import { expectReply, type ReplyRules } from './check-reply.js';
import { hasControl } from './hostile.js';

/** Fails the test if the loop could not carry the outcome out. */
export function expectOutcome(outcome: VerbOutcome, rules?: ReplyRules): void {
  expectReply(outcome.reply, rules);
  if (outcome.effect === undefined) return;
  expectEffect(outcome.effect);
  // verb.ts: other effects of a reply that refuses are not carried out, so a verb that gives one expects what will not be.
  if (!outcome.reply.positive) expect(['close', 'skip-chunk']).toContain(outcome.effect.type);
}

/** Fails the test if the effect is malformed. */
export function expectEffect(effect: Effect): void {
  switch (effect.type) {
    case 'greet':
      expect(effect.name.length).toBeGreaterThan(0);
      expect(hasControl(effect.name)).toBe(false);
      return expect(typeof effect.extended).toBe('boolean');
    case 'begin':
      if (effect.reversePath !== null) expect(hasControl(effect.reversePath.address)).toBe(false);
      return expect(typeof effect.parameters).toBe('object');
    case 'recipient':
      expect(effect.mailbox.address.length).toBeGreaterThan(0);
      expect(hasControl(effect.mailbox.address)).toBe(false);
      return expect(typeof effect.parameters).toBe('object');
    case 'receive-chunk':
      expectOctets(effect.octets);
      return expect(typeof effect.last).toBe('boolean');
    case 'skip-chunk':
      return expectOctets(effect.octets);
    case 'converse':
      return expect(typeof effect.answer).toBe('function');
    case 'identify':
      return expect(effect.identity.name.length).toBeGreaterThan(0);
    case 'become': {
      // XCLIENT: a trusted peer's words, but a client's within them (attack A6).
      const { name = '', address = '', helo = '', login = '' } = effect.client;
      return expect([name, address, helo, login].filter(hasControl)).toEqual([]);
    }
    case 'forwarded':
      return expect(Object.values(effect.client).map(String).filter(hasControl)).toEqual([]);
    case 'receive-dot':
    case 'upgrade':
    case 'reset':
    case 'close':
      return;
  }
}

/** What a verb comes to where nobody refuses: its questions on the way are asked about this session. */
export async function outcomeOf(step: VerbStep, session: Session): Promise<VerbOutcome> {
  let now = step;
  while ('ask' in now) {
    expectQuestion(now.ask, session);
    now = await now.proceed();
  }
  return now;
}

/** Fails the test if the policies could not be asked that. */
export function expectQuestion(question: StageQuestion | undefined, session: Session): void {
  if (question === undefined) return;
  expect(STAGES).toContain(question.stage);
  expect(question.input.session).toBe(session);
  if ('envelope' in question.input) expect(question.input.envelope).toBe(session.envelope);
}

// Counted bytes are an exact number, or they would be read as commands (attack A3).
function expectOctets(octets: number): void {
  expect({ octets, safe: Number.isSafeInteger(octets) && octets >= 0 }).toEqual({ octets, safe: true });
}
