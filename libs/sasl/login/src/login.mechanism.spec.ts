/** LOGIN: what it asks for, and what it takes. */
import type { SaslStep } from '@mailverb/contract';
import { TestAuthenticator, contributionsOf, describeMechanism, saslSession, testUser } from '@mailverb/testing';
import { LoginMechanism } from './login.mechanism.js';
import loginPlugin from './plugin.js';

const ann = testUser('ann');

describeMechanism('LOGIN', (authenticator) => new LoginMechanism(authenticator), {
  asks: 'password',
  authzid: 'never',
  client:
    ({ name, password }) =>
    (challenge) =>
      Buffer.from(Buffer.from(challenge ?? []).toString() === 'Password:' ? password : name),
});

/** What comes of these answers, the first of which may be none; a claim is let pass. */
async function heard(...answers: readonly (string | Buffer | undefined)[]): Promise<readonly unknown[]> {
  const exchange = new LoginMechanism(new TestAuthenticator({ users: [ann] })).begin(saslSession());
  const steps: unknown[] = [];
  const told = (step: SaslStep): unknown => ('data' in step ? Buffer.from(step.data ?? []).toString() : step);
  for (const answer of answers) {
    const step = await exchange.step(answer === undefined ? undefined : Buffer.from(answer));
    steps.push(told(step.type === 'claim' ? await step.proceed() : step));
  }
  return steps;
}

describe('LOGIN', () => {
  const success = { type: 'success', name: 'ann' };

  it('asks for the name and the password in the words that clients look for', async () => {
    expect(await heard(undefined, 'ann', ann.password)).toEqual(['Username:', 'Password:', success]);
  });

  it('takes an initial response for the name', async () => {
    expect(await heard('ann', ann.password)).toEqual(['Password:', success]);
  });

  it('takes names and passwords of up to 255 octets', async () => {
    expect(await heard('a'.repeat(255), 'p'.repeat(255))).toEqual([
      'Password:',
      expect.objectContaining({ kind: 'credentials' }),
    ]);
  });

  it.each<[string, Buffer | string]>([
    ['nothing', ''],
    ['a NUL', 'ann\0'],
    ['a line end', 'ann\r\n'],
    ['an escape', '\x1b[2Jann'],
    ['a character that turns the others around', '\u202eann'],
    ['256 octets', 'a'.repeat(256)],
    ['what is not UTF-8', Buffer.from('ff', 'hex')],
  ])('takes no name with %s', async (_what, name) => {
    expect(await heard(name)).toEqual([{ type: 'failure', kind: 'malformed', reason: 'no user name' }]);
  });

  it.each<[string, Buffer | string]>([
    ['nothing', ''],
    ['a NUL', `${ann.password}\0`],
    ['256 octets', 'p'.repeat(256)],
    ['what is not UTF-8', Buffer.from('ff', 'hex')],
  ])('takes no password with %s', async (_what, password) => {
    expect(await heard('ann', password)).toEqual([
      'Password:',
      { type: 'failure', kind: 'malformed', reason: 'no password' },
    ]);
  });

  it('makes no claim before the password has come', async () => {
    const exchange = new LoginMechanism(new TestAuthenticator()).begin(saslSession());
    expect(await exchange.step(Buffer.from('ann'))).toMatchObject({ type: 'challenge' });
    expect(await exchange.step(Buffer.from('x'))).toMatchObject({ type: 'claim', name: 'ann' });
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(loginPlugin.name).toBe('sasl-login');
  expect(contributionsOf(loginPlugin)).toEqual([{ kind: 'mechanism', name: undefined, value: LoginMechanism }]);
});
