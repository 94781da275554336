/** As whom somebody may act. */
import type { Authenticator, Session } from '@mailverb/contract';
import { authorize, conclude } from './authorize.js';
import { malformed, NOT_ALLOWED, WRONG } from './failures.js';

const session = Object.freeze({ id: 'one' }) as Session;

function asked(answer: unknown): Authenticator & { readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  // As an authenticator that was written without types may answer.
  const mayActAs = (...args: unknown[]) => (calls.push(args), answer as boolean);
  return { calls, mayActAs };
}

describe('authorize', () => {
  it.each([undefined, '', 'ann'])('takes %j for as whom it is, and asks nobody', async (authzid) => {
    const authenticator = asked(false);
    expect(await authorize(authenticator, 'ann', authzid, session)).toBe('ann');
    expect(authenticator.calls).toEqual([]);
  });

  it('takes the name that was claimed for the one that the authenticator says', async () => {
    expect(await authorize(asked(false), 'ann@example.org', 'Ann', session, 'Ann')).toBe('ann@example.org');
    expect(await authorize(asked(false), 'ann@example.org', 'Ann', session)).toBeUndefined();
  });

  it.each([true, Promise.resolve(true)])('lets who may', async (answer) => {
    const authenticator = asked(answer);
    expect(await authorize(authenticator, 'ann', 'boss', session)).toBe('boss');
    expect(authenticator.calls).toEqual([['ann', 'boss', session]]);
  });

  it.each([false, Promise.resolve(false), undefined, 'no', 1, {}])('refuses who may not: %p', async (answer) => {
    expect(await authorize(asked(answer), 'ann', 'boss', session)).toBeUndefined();
  });

  it('refuses everybody where nobody can say', async () => {
    expect(await authorize({}, 'ann', 'boss', session)).toBeUndefined();
  });

  it.each(['Ann', 'ann ', 'ann\0', '__proto__'])('compares exactly: %j is somebody else', async (authzid) => {
    expect(await authorize(asked(false), 'ann', authzid, session)).toBeUndefined();
  });

  it('rejects where it can not be told', async () => {
    const down = new Error('down');
    await expect(authorize(asked(Promise.reject(down)), 'ann', 'boss', session)).rejects.toBe(down);
  });
});

describe('conclude', () => {
  it('lets somebody act as whom it is, or as whom it may', async () => {
    expect(await conclude({}, 'ann', undefined, session)).toEqual({ type: 'success', name: 'ann' });
    expect(await conclude(asked(true), 'ann', 'boss', session)).toEqual({ type: 'success', name: 'boss' });
    expect(await conclude({}, 'ann@example.org', 'Ann', session, 'Ann')).toEqual({
      type: 'success',
      name: 'ann@example.org',
    });
  });

  it('tells who is nobody from who may not', async () => {
    expect(await conclude(asked(true), undefined, 'boss', session)).toBe(WRONG);
    expect(await conclude(asked(false), 'ann', 'boss', session)).toBe(NOT_ALLOWED);
  });

  it.each(['""', 'null', 'false', 'true', '{}', '["ann"]'])('takes %s for nobody', async (json) => {
    expect(await conclude(asked(true), JSON.parse(json), undefined, session)).toBe(WRONG);
  });
});

describe('failures', () => {
  it('are told apart by their kind', () => {
    expect([WRONG, NOT_ALLOWED, malformed('no name')].map(({ kind }) => kind)).toEqual([
      'credentials',
      'authorization',
      'malformed',
    ]);
    expect(malformed('no name').reason).toBe('no name');
  });
});
