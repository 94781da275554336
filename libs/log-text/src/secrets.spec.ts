import { secretNames } from './secrets.js';

describe('secretNames (attack A23)', () => {
  const isSecret = secretNames();

  it.each([
    'password',
    'PASSWORD',
    'smtpPassword',
    'pass',
    'passwd',
    'passphrase',
    'secret',
    'client_secret',
    'clientSecretValue',
    'token',
    'accessToken',
    'refresh-token',
    'authorization',
    'Proxy-Authorization',
    'credentials',
    'credential',
    'api_key',
    'apiKey',
    'private_key',
    'set-cookie',
    'bearer',
  ])('%s is one', (name) => {
    expect(isSecret(name)).toBe(true);
    expect(isSecret(name)).toBe(true); // the second answer comes from memory
  });

  it.each(['bypass', 'compass', 'author', 'session', 'key', 'tokenize', 'passed', 'identity', 'mechanism', ''])(
    '%s is none',
    (name) => {
      expect(isSecret(name)).toBe(false);
      expect(isSecret(name)).toBe(false);
    },
  );

  it('takes more names, as wholes', () => {
    const more = secretNames(['Card-Number']);
    expect(more('cardNumber')).toBe(true);
    expect(more('cardNumbers')).toBe(false);
    expect(more('password')).toBe(true);
  });

  it('answers rightly beyond what it remembers', () => {
    const fresh = secretNames();
    for (let i = 0; i < 1000; i++) fresh(`name${i}`);
    expect(fresh('laterPassword')).toBe(true);
    expect(fresh('later')).toBe(false);
  });
});
