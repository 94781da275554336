/** OAUTHBEARER and XOAUTH2: which messages they take, and what a refused client hears. */
import { Authenticator, Options } from '@mailverb/contract';
import {
  SaslDialogue,
  TestAuthenticator,
  contributionsOf,
  describeMechanism,
  saslSession,
  testUser,
  type SaslClient,
  type TestUser,
} from '@mailverb/testing';
import fc from 'fast-check';
import { container } from 'tsyringe';
import { claimOfToken } from './oauth-exchange.js';
import { parseOauthBearer, parseXoauth2 } from './oauth-messages.js';
import { OauthBearerMechanism, Xoauth2Mechanism } from './oauth.mechanism.js';
import { oauthOptions } from './oauth.options.js';
import oauthPlugin from './plugin.js';

const ann = testUser('ann');
const options = oauthOptions.parse({});

/** Says it once, and answers a refusal as the mechanism wants it. */
const client =
  (message: string, dummy: string): SaslClient =>
  (challenge) =>
    Buffer.from(challenge === undefined || challenge.length === 0 ? message : dummy);

const bearer = ({ token }: Pick<TestUser, 'token'>, authzid = ''): SaslClient =>
  client(
    `n,${authzid === '' ? '' : `a=${authzid}`},\x01host=mx.test.example\x01port=587\x01auth=Bearer ${token}\x01\x01`,
    '\x01',
  );
const xoauth2 = ({ name, token }: Pick<TestUser, 'name' | 'token'>): SaslClient =>
  client(`user=${name}\x01auth=Bearer ${token}\x01\x01`, '');

describe('where no name is said', () => {
  describeMechanism('OAUTHBEARER', (authenticator) => new OauthBearerMechanism(options, authenticator), {
    asks: 'token',
    claim: ({ token }, authzid) => authzid ?? claimOfToken(token),
    client: (who, authzid) => bearer(who, authzid),
  });
});

describe('where a name is said', () => {
  describeMechanism('OAUTHBEARER', (authenticator) => new OauthBearerMechanism(options, authenticator), {
    asks: 'token',
    authzid: 'always',
    claim: ({ name }, authzid) => authzid ?? name,
    client: (who, authzid) => bearer(who, authzid ?? who.name),
  });
});

describeMechanism('XOAUTH2', (authenticator) => new Xoauth2Mechanism(options, authenticator), {
  asks: 'token',
  authzid: 'always',
  claim: ({ name }, authzid) => authzid ?? name,
  client: ({ name, token }, authzid) => xoauth2({ name: authzid ?? name, token }),
});

describe('the message of OAUTHBEARER', () => {
  const read = (text: string) => parseOauthBearer(Buffer.from(text));

  it.each([
    // RFC 7628 4.1.
    [
      'n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01',
      { authzid: 'user@example.com', token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' },
    ],
    // 4.3: it wants to hear what it should get.
    ['n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=\x01\x01', { authzid: 'user@example.com' }],
    ['n,,\x01auth=Bearer\x01\x01', {}],
    ['n,,\x01auth=Bearer \x01\x01', {}],
    ['y,,\x01auth=BEARER  a.b~c+d/e-f_1=\x01\x01', { token: 'a.b~c+d/e-f_1=' }],
    ['n,,\x01x=\t\r\n!\x01auth=Bearer abc\x01\x01', { token: 'abc' }],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual({ authzid: undefined, token: undefined, ...expected });
  });

  it.each([
    '',
    '\x01',
    'n,,',
    'n,,\x01',
    'n,,\x01\x01',
    'n,,auth=Bearer abc\x01\x01',
    'n,,\x01auth=Bearer abc\x01',
    'n,,\x01auth=Bearer abc',
    'n,,\x01auth=Bearer abc\x01\x01\x01',
    'n,,\x01auth=Bearer abc\x01\x01x',
    'n,,\x01host=x\x01\x01',
    'n,,\x01auth=Bearer abc\x01auth=Bearer abd\x01\x01',
    'n,,\x01auth=Basic YWJj\x01\x01',
    'n,,\x01auth=abc\x01\x01',
    'n,,\x01auth=Bearer a b\x01\x01',
    'n,,\x01auth=Bearer a,b\x01\x01',
    'n,,\x01auth=Bearer =\x01\x01',
    'n,,\x01auth=Bearer a=b\x01\x01',
    'n,,\x01auth=Bearer a\n\x01\x01',
    'n,,\x01auth=Bearer\u00e9\x01\x01',
    'n,,\x01Auth=Bearer abc\x01\x01',
    'n,,\x01=x\x01auth=Bearer abc\x01\x01',
    'n,,\x01x\x01auth=Bearer abc\x01\x01',
    'n,,\x01a1=x\x01auth=Bearer abc\x01\x01',
    'n,,\x01x=\0\x01auth=Bearer abc\x01\x01',
    'p=tls-exporter,,\x01auth=Bearer abc\x01\x01',
    'n,a=,\x01auth=Bearer abc\x01\x01',
    'n,a=a\nb,\x01auth=Bearer abc\x01\x01',
    `n,,\x01${Array.from({ length: 17 }, (_, i) => `k${'x'.repeat(i)}=\x01`).join('')}auth=Bearer abc\x01\x01`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is not what is not UTF-8', () => {
    expect(parseOauthBearer(Buffer.from('n,,\x01x=\xff\x01auth=Bearer abc\x01\x01', 'latin1'))).toBeUndefined();
  });
});

describe('the message of XOAUTH2', () => {
  const read = (text: string) => parseXoauth2(Buffer.from(text));

  it.each([
    [
      'user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01',
      'someuser@example.com',
    ],
    ['user=J\u00f6rg\x01auth=bearer abc\x01\x01', 'J\u00f6rg'],
    ['user=a,b=c\x01auth=Bearer abc\x01\x01', 'a,b=c'],
  ])('%j', (text, authzid) => {
    expect(read(text)).toEqual({ authzid, token: expect.any(String) });
  });

  it.each([
    '',
    '\x01\x01',
    'auth=Bearer abc\x01\x01',
    'user=ann\x01\x01',
    'user=\x01auth=Bearer abc\x01\x01',
    'user=ann\x01auth=Bearer abc\x01',
    'user=ann\nbob\x01auth=Bearer abc\x01\x01',
    'user=ann\0\x01auth=Bearer abc\x01\x01',
    'user=ann\x01user=bob\x01auth=Bearer abc\x01\x01',
    `user=${'a'.repeat(256)}\x01auth=Bearer abc\x01\x01`,
    'n,a=ann,\x01auth=Bearer abc\x01\x01',
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('both messages', () => {
  const token = fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...'aZ09._~+/-'), minLength: 1, maxLength: 60 }),
      fc.constantFrom('', '=', '=='),
    )
    .map((parts) => parts.join(''));
  const name = fc.string({ unit: fc.constantFrom(...'aZ09@. =,'), minLength: 1, maxLength: 60 });

  it('say what was written', () => {
    fc.assert(
      fc.property(token, name, (said, user) => {
        expect(parseXoauth2(Buffer.from(`user=${user}\x01auth=Bearer ${said}\x01\x01`))).toEqual({
          authzid: user,
          token: said,
        });
        const escaped = user.replaceAll('=', '=3D').replaceAll(',', '=2C');
        expect(parseOauthBearer(Buffer.from(`n,a=${escaped},\x01auth=Bearer ${said}\x01\x01`))).toEqual({
          authzid: user,
          token: said,
        });
      }),
    );
  });

  it('have a token and a name that harm nobody, whatever is read', () => {
    const unit = fc.constantFrom(
      'n,,',
      'user=',
      'auth=',
      'Bearer ',
      '\x01',
      '\x01\x01',
      'ann',
      '=',
      '\0',
      '\n',
      '\u00e9',
    );
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 12 }),
        fc.constantFrom(parseOauthBearer, parseXoauth2),
        (text, parse) => {
          const read = parse(Buffer.from(text));
          if (read?.token !== undefined) expect(read.token).toMatch(/^[A-Za-z0-9._~+/=-]+$/);
          // oxlint-disable-next-line no-control-regex
          if (read?.authzid !== undefined) expect(read.authzid).toMatch(/^[^\x00-\x1f\x7f]+$/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([parseOauthBearer, parseXoauth2])('are read in linear time (attack A8)', (parse) => {
    for (const text of [
      'auth=Bearer '.repeat(50_000),
      `user=a\x01auth=Bearer${' '.repeat(500_000)}!\x01\x01`,
      '\x01'.repeat(500_000),
    ]) {
      const begun = performance.now();
      expect(parse(Buffer.from(text))).toBeUndefined();
      expect(parse(Buffer.from(`n,,\x01${text}`))).toBeUndefined();
      expect(performance.now() - begun).toBeLessThan(1000);
    }
  });
});

describe('a refused token', () => {
  const told = {
    scope: 'mail.send mail.read',
    openidConfiguration: 'https://id.example.org/.well-known/openid-configuration',
  };
  const written = oauthOptions.parse(told);
  const authenticator = (): TestAuthenticator => new TestAuthenticator({ users: [ann] });

  async function heard(
    mechanism: OauthBearerMechanism | Xoauth2Mechanism,
    says: SaslClient,
  ): Promise<readonly unknown[]> {
    const dialogue = new SaslDialogue(mechanism, saslSession(), says);
    const end = await dialogue.finish();
    return [...dialogue.challenges.map((data): unknown => JSON.parse(Buffer.from(data).toString())), end];
  }

  it('is told as RFC 7628 has it, and refused when the client has answered', async () => {
    const mechanism = new OauthBearerMechanism(written, authenticator());
    expect(await heard(mechanism, bearer({ token: 'wrong' }))).toEqual([
      { status: 'invalid_token', scope: told.scope, 'openid-configuration': told.openidConfiguration },
      expect.objectContaining({ type: 'failure', kind: 'credentials' }),
    ]);
  });

  it('is told as Google has it', async () => {
    const mechanism = new Xoauth2Mechanism(written, authenticator());
    expect(await heard(mechanism, xoauth2({ name: 'ann', token: 'wrong' }))).toEqual([
      { status: '401', schemes: 'bearer', scope: told.scope },
      expect.objectContaining({ type: 'failure', kind: 'credentials' }),
    ]);
  });

  it('is told without what is not configured', async () => {
    const mechanism = new OauthBearerMechanism(options, authenticator());
    expect((await heard(mechanism, bearer({ token: 'wrong' })))[0]).toEqual({ status: 'invalid_token' });
  });

  it('is one that is good, and shown for somebody else', async () => {
    const mechanism = new OauthBearerMechanism(options, authenticator());
    expect(await heard(mechanism, bearer(ann, 'bob'))).toEqual([
      { status: 'invalid_token' },
      expect.objectContaining({ type: 'failure', kind: 'authorization' }),
    ]);
  });

  it('is not counted where there is none: the client asks what it needs', async () => {
    const asked = authenticator();
    const mechanism = new OauthBearerMechanism(written, asked);
    const dialogue = new SaslDialogue(mechanism, saslSession(), client('n,a=ann,\x01auth=\x01\x01', '\x01'));
    expect(await dialogue.finish()).toMatchObject({ type: 'failure', kind: 'malformed' });
    expect([dialogue.claims, dialogue.challenges.length, asked.calls]).toEqual([[], 1, []]);
  });

  it.each(['', '\x01', '*', 'n,,\x01auth=Bearer abc\x01\x01', `user=ann\x01auth=Bearer ${ann.token}\x01\x01`])(
    'stays refused, whatever the client answers: %j',
    async (answer) => {
      const asked = authenticator();
      const mechanism = new Xoauth2Mechanism(options, asked);
      const says = client('user=ann\x01auth=Bearer wrong\x01\x01', answer);
      expect((await heard(mechanism, says)).at(-1)).toMatchObject({ type: 'failure', kind: 'credentials' });
      expect(asked.calls).toEqual(['token']);
    },
  );
});

describe('what is claimed for a token without a name', () => {
  it('is its own for each, the same each time, and tells nothing of it', () => {
    expect(claimOfToken('abc')).toMatch(/^\(token [0-9a-f]{12}\)$/);
    expect(claimOfToken('abc')).toBe(claimOfToken('abc'));
    expect(claimOfToken('abd')).not.toBe(claimOfToken('abc'));
  });
});

describe('options of oauth', () => {
  it.each([
    { scope: '' },
    { scope: 'a  b' },
    { scope: 'a"b' },
    { scope: 'a\nb' },
    { scope: ['a'] },
    { openidConfiguration: 'http://id.example.org/' },
    { openidConfiguration: 'id.example.org' },
    { scopes: 'a' },
  ])('refuse %p', (wrong) => {
    expect(oauthOptions.safeParse(wrong).success).toBe(false);
  });
});

it('is contributed by its manifest, the standard first', () => {
  expect(oauthPlugin.name).toBe('sasl-oauth');
  expect(contributionsOf(oauthPlugin).map(({ kind, value }) => [kind, value])).toEqual([
    ['mechanism', OauthBearerMechanism],
    ['mechanism', Xoauth2Mechanism],
  ]);
});

it.each([OauthBearerMechanism, Xoauth2Mechanism])('is built by the container with what it injects: %p', (Mechanism) => {
  const own = container.createChildContainer();
  own.register(Options, { useValue: options });
  own.register(Authenticator, { useValue: new TestAuthenticator() });
  expect(own.resolve<InstanceType<typeof Mechanism>>(Mechanism).offered()).toBe(true);
});
