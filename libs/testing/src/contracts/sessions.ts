/** Sessions in every phase that cannot be changed. For the contract suites. */
import type { Session } from '@mailverb/contract';
import { PHASES, type Phase } from '@mailverb/protocol';
import { testEnvelope, testRecipient, testSession } from './fixtures.js';

/** A session as it is in that phase, frozen to its depths: whoever changes it throws. */
export function sessionIn(phase: Phase, overrides: Partial<Session> = {}): Session {
  const recipients = phase === 'rcpt' || phase === 'bdat' ? [testRecipient('rcpt@example.org')] : [];
  const envelope = phase === 'connected' || phase === 'greeted' ? undefined : testEnvelope({ recipients });
  const known = phase === 'connected' ? {} : { heloName: 'client.example.com', extended: true };
  return deepFreeze(testSession({ phase, ...known, envelope, ...overrides }));
}

/** One for each phase. */
export function sessionsInAllPhases(overrides: Partial<Session> = {}): readonly Session[] {
  return PHASES.map((phase) => sessionIn(phase, overrides));
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) deepFreeze(Reflect.get(value, key));
  return value;
}
