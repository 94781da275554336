import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { contributionsOf } from '@mailverb/testing';
import { SmtpAuthenticator } from './smtp.authenticator.js';
import { smtpOptions } from './smtp.options.js';
import { smtpPlugin } from './plugin.js';

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const make = () =>
  new SmtpAuthenticator(
    smtpOptions.parse({ tokens: { 'ann@example.org': hashOf('of ann'), 'bob@example.org': hashOf('of bob') } }),
  );

it('knows who a token stands for, and nobody by any other', () => {
  expect(make().token('of ann')).toBe('ann@example.org');
  expect(make().token('of bob')).toBe('bob@example.org');
  for (const token of ['', 'of Ann', hashOf('of ann'), '__proto__', 'x'.repeat(10_000)]) {
    expect(make().token(token)).toBeUndefined();
  }
});

it('shows nothing of what it knows', () => {
  const shown = inspect(make(), { depth: Infinity, showHidden: true });
  expect(shown).not.toContain(hashOf('of ann'));
});

it('refuses options that it does not know, and what is no hash', () => {
  expect(smtpOptions.safeParse({ token: {} }).success).toBe(false);
  expect(smtpOptions.safeParse({ tokens: { ann: 'secret' } }).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'authenticator', name: undefined, value: SmtpAuthenticator };
  expect(contributionsOf(smtpPlugin)).toEqual([expected]);
});
