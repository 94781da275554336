import { isSecretName, Secrets } from './secrets.js';

describe('secret names', () => {
  it.each([
    'password',
    'Password',
    'apiKey',
    'api_key',
    'auth-token',
    'clientSecret',
    'passphrase',
    'tokens',
    'key',
    'headers',
    'Authorization',
  ])('%s is one', (name) => expect(isSecretName(name)).toBe(true));
  it.each(['keyword', 'monkey', 'tokenizer', 'path', 'user', 'passing', ''])('%s is none', (name) =>
    expect(isSecretName(name)).toBe(false),
  );
});

describe('secrets', () => {
  const tree = {
    hostname: 'mx.example.org',
    delivery: { password: 'open sesame', users: [{ token: 'abcdef', id: 7 }] },
  };
  const secrets = new Secrets(tree, new Map([['hostname', { text: 'mx.example.org', whole: true }]]));

  it('hides values that came from references, and values with secret names', () => {
    expect(secrets.show('', tree)).toEqual({
      hostname: '***',
      delivery: { password: '***', users: [{ token: '***', id: 7 }] },
    });
  });

  it('hides what stands inside a hidden value, and not its neighbours', () => {
    expect(secrets.show('delivery.password.salt', 'x')).toBe('***');
    expect(secrets.show('delivery.passwords', 'x')).toBe('x');
    expect(secrets.show('hostname2', 'x')).toBe('x');
  });

  it('leaves a value that is not there alone', () => {
    expect(secrets.show('hostname', undefined)).toBeUndefined();
  });

  it('finds hidden values in texts that others made', () => {
    expect(secrets.scrub('cannot log in with "open sesame" at mx.example.org:25')).toBe(
      'cannot log in with "***" at ***:25',
    );
  });

  it('shows no user and password within a URL, wherever it stands', () => {
    const none = new Secrets({}, new Map());
    expect(none.show('url', 'https://ann:pa55@id.example/x?y=@')).toBe('https://***@id.example/x?y=@');
    expect(none.scrub('no answer from "ldap://ann:pa55@ldap.example"')).toBe(
      'no answer from "ldap://***@ldap.example"',
    );
    expect(none.show('url', 'https://id.example/a@b')).toBe('https://id.example/a@b');
    expect(none.show('to', 'ann@example.org')).toBe('ann@example.org');
  });

  it('looks for whole words, and not for short ones', () => {
    const few = new Secrets(
      {},
      new Map([
        ['a', { text: 'info', whole: true }],
        ['b', { text: 'no', whole: true }],
      ]),
    );
    expect(few.scrub('no information: info')).toBe('no information: ***');
  });

  it('hides all that a secret name holds', () => {
    const nested = new Secrets({ tokens: ['first-token', { inner: 'second-token' }] }, new Map());
    expect(nested.scrub('first-token second-token')).toBe('*** ***');
  });

  it('does not take the name of a key file for the key', () => {
    const tree = { tls: { key: './mx.key', passphrase: 'open sesame', certificates: [{ key: './b.key' }] } };
    const files = new Secrets({ ...tree, listeners: [tree], delivery: tree }, new Map());
    expect(files.scrub('./b.key: no such file; open sesame')).toBe('***: no such file; ***');
    expect(new Secrets({ ...tree, listeners: [tree] }, new Map()).scrub('./mx.key ./b.key')).toBe('./mx.key ./b.key');
    expect(files.hides('listeners[0].tls.key')).toBe(false);
    expect(files.hides('listeners[0].tls.passphrase')).toBe(true);
    expect(files.hides('delivery.tls.key')).toBe(true);
  });
});
