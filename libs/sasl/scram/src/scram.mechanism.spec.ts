/** SCRAM: what the RFCs show, and what somebody in the middle tries. */
import { pbkdf2Sync, createHash, createHmac } from 'node:crypto';
import {
  Authenticator,
  Options,
  type ChannelBinding,
  type ScramHash,
  type ScramKeys,
  type Session,
} from '@mailverb/contract';
import {
  SaslDialogue,
  TestAuthenticator,
  contributionsOf,
  describeMechanism,
  saslSession,
  testTls,
  testUser,
  type SaslClient,
  type SaslEnd,
} from '@mailverb/testing';
import fc from 'fast-check';
import { container } from 'tsyringe';
import scramPlugin from './plugin.js';
import { scramClient, type ScramClientOptions } from './scram-client.fixture.js';
import { ScramExchange, type ScramContext } from './scram-exchange.js';
import { FakeKeys } from './scram-keys.js';
import {
  ScramSha1Mechanism,
  ScramSha1PlusMechanism,
  ScramSha256Mechanism,
  ScramSha256PlusMechanism,
} from './scram.mechanism.js';
import { scramOptions, type ScramOptions } from './scram.options.js';

const ann = testUser('ann');
const options = scramOptions.parse({});
// As many as the users of TestAuthenticator have: few, as tests have no time.
const quick: ScramOptions = { ...options, iterations: 64 };

const FORMS = [
  { Mechanism: ScramSha256PlusMechanism, hash: 'SHA-256', plus: true },
  { Mechanism: ScramSha1PlusMechanism, hash: 'SHA-1', plus: true },
  { Mechanism: ScramSha256Mechanism, hash: 'SHA-256', plus: false },
  { Mechanism: ScramSha1Mechanism, hash: 'SHA-1', plus: false },
] as const;

function bindingOf({ tls }: Session, type: ChannelBinding = 'tls-exporter'): Uint8Array {
  const bound = tls?.channelBinding(type);
  if (bound === undefined) throw new Error('nothing binds');
  return bound;
}

for (const { Mechanism, hash, plus } of FORMS) {
  describeMechanism(`SCRAM-${hash}${plus ? '-PLUS' : ''}`, (authenticator) => new Mechanism(quick, authenticator), {
    asks: 'scram',
    client: ({ name: username, password }, authzid, session) =>
      scramClient({
        hash,
        username,
        password,
        authzid,
        ...(plus ? { binding: 'tls-exporter', bound: bindingOf(session) } : {}),
      }),
  });
}

/** Keys as RFC 5802 3 has them. */
function keysOf(password: string, salt: string, iterations: number, algorithm: 'sha1' | 'sha256'): ScramKeys {
  const octets = algorithm === 'sha1' ? 20 : 32;
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, octets, algorithm);
  const mac = (text: string) => createHmac(algorithm, salted).update(text).digest();
  return {
    salt: Buffer.from(salt, 'base64'),
    iterations,
    storedKey: createHash(algorithm).update(mac('Client Key')).digest(),
    serverKey: mac('Server Key'),
  };
}

function contextOf(hash: ScramHash, authenticator: Authenticator): ScramContext {
  return {
    hash,
    plus: false,
    authenticator,
    fakes: new FakeKeys(4096),
    binding: () => undefined,
    offersPlus: () => false,
  };
}

describe('the examples of the RFCs', () => {
  it.each<[string, ScramHash, ScramKeys, string, readonly string[]]>([
    [
      'RFC 5802 5',
      'SHA-1',
      keysOf('pencil', 'QSXCR+Q6sek8bf92', 4096, 'sha1'),
      '3rfcNHYJY1ZVvWVs7j',
      [
        'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
        'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
        'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
        'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
      ],
    ],
    [
      'RFC 7677 3',
      'SHA-256',
      keysOf('pencil', 'W22ZaJ0SNY7soEsUEjb6gQ==', 4096, 'sha256'),
      '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
      [
        'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
        'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
        'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
      ],
    ],
  ])('%s, octet by octet', async (_rfc, hash, keys, nonce, [clientFirst = '', serverFirst, clientFinal = '', v]) => {
    const context = contextOf(hash, { scram: (name) => (name === 'user' ? keys : undefined) });
    const exchange = new ScramExchange(context, saslSession(), nonce);
    const claim = await exchange.step(Buffer.from(clientFirst));
    if (claim.type !== 'claim') throw new Error(`no claim but ${claim.type}`);
    expect(claim.name).toBe('user');
    expect(await claim.proceed()).toEqual({ type: 'challenge', data: Buffer.from(serverFirst ?? '') });
    const end = await exchange.step(Buffer.from(clientFinal));
    expect(end).toEqual({ type: 'success', name: 'user', data: Buffer.from(v ?? '') });
  });
});

/** How an exchange ends between a mechanism and a client. */
function ended(
  { Mechanism, hash }: (typeof FORMS)[number],
  client: Partial<ScramClientOptions> | SaslClient,
  session: Session = saslSession(),
  written: ScramOptions = quick,
): Promise<SaslEnd> {
  const mechanism = new Mechanism(written, new TestAuthenticator({ users: [ann] }));
  const own =
    typeof client === 'function'
      ? client
      : scramClient({ hash, username: ann.name, password: ann.password, ...client });
  return new SaslDialogue(mechanism, session, own).finish();
}

const [sha256Plus, sha1Plus, sha256, sha1] = FORMS;
const inClear = saslSession(ann, { tls: undefined });
const success = { type: 'success', name: 'ann' };

describe('channel binding (RFC 5802 6)', () => {
  it.each<ChannelBinding>(['tls-exporter', 'tls-server-end-point'])('is taken by %s', async (binding) => {
    const session = saslSession();
    const bound = bindingOf(session, binding);
    for (const form of [sha256Plus, sha1Plus]) {
      expect(await ended(form, { binding, bound }, session)).toMatchObject(success);
    }
  });

  it('is refused to who is bound to another connection (somebody is in the middle)', async () => {
    for (const bound of [Buffer.from('another'), new Uint8Array(0)]) {
      const end = await ended(sha256Plus, { binding: 'tls-exporter', bound });
      expect(end).toMatchObject({ type: 'failure', kind: 'credentials' });
    }
  });

  it('is refused to who binds by one type and says another', async () => {
    const session = saslSession();
    const bound = bindingOf(session, 'tls-server-end-point');
    expect(await ended(sha256Plus, { binding: 'tls-exporter', bound }, session)).toMatchObject({ kind: 'credentials' });
  });

  it.each(['tls-unique', 'TLS-EXPORTER', '__proto__', 'x'])('is refused by a type like %s', async (binding) => {
    expect(await ended(sha256Plus, { binding })).toMatchObject({ type: 'failure', kind: 'malformed' });
  });

  it('is refused by a type that this connection, or this server, has not', async () => {
    const onlyOne = (type: ChannelBinding) => (type === 'tls-exporter' ? Buffer.from('x') : undefined);
    const session = saslSession(ann, { tls: testTls({ channelBinding: onlyOne }) });
    const other = { binding: 'tls-server-end-point', bound: Buffer.from('x') };
    expect(await ended(sha256Plus, other, session)).toMatchObject({ kind: 'malformed' });
    const without: ScramOptions = { ...quick, channelBindings: ['tls-server-end-point'] };
    const exporter = { binding: 'tls-exporter', bound: Buffer.from('x') };
    expect(await ended(sha256Plus, exporter, session)).toMatchObject(success);
    expect(await ended(sha256Plus, exporter, session, without)).toMatchObject({ kind: 'malformed' });
  });

  it('must be used by -PLUS, and by nothing else', async () => {
    for (const binding of ['n', 'y']) {
      expect(await ended(sha256Plus, { binding })).toMatchObject({ type: 'failure', kind: 'malformed' });
    }
    const session = saslSession();
    const bound = bindingOf(session);
    expect(await ended(sha256, { binding: 'tls-exporter', bound }, session)).toMatchObject({ kind: 'malformed' });
  });

  it('ends where the client says that it has not seen it offered, and it was (a downgrade)', async () => {
    for (const form of [sha256, sha1]) {
      const end = await ended(form, { binding: 'y' });
      expect(end).toMatchObject({ type: 'failure', kind: 'credentials', reason: expect.stringContaining('middle') });
    }
  });

  it('may be missed by a client where there was none to be seen', async () => {
    for (const session of [inClear, saslSession(ann, { tls: testTls() })]) {
      expect(await ended(sha256, { binding: 'y' }, session)).toMatchObject(success);
    }
    expect(await ended(sha256, { binding: 'y' }, saslSession(), { ...quick, channelBindings: [] })).toMatchObject(
      success,
    );
  });

  it('does not let the flag be changed on the way: it is signed', async () => {
    const right = scramClient({ hash: 'SHA-256', username: 'ann', password: ann.password, binding: 'y' });
    const changing: SaslClient = (challenge) => {
      const said = right(challenge);
      const text = Buffer.from(said ?? []).toString();
      return text.startsWith('y,,') ? Buffer.from(`n,,${text.slice(3)}`) : said;
    };
    expect(await ended(sha256, changing)).toMatchObject({ type: 'failure', kind: 'credentials' });
  });
});

describe('SCRAM', () => {
  it('is offered with TLS that binds as -PLUS too, and by the hashes that are wanted', () => {
    const offered = (session: Session, written: Partial<ScramOptions> = {}) =>
      FORMS.map(({ Mechanism }) => new Mechanism({ ...options, ...written }, new TestAuthenticator()))
        .filter((mechanism) => mechanism.offered(session))
        .map(({ name }) => name);
    const plain = ['SCRAM-SHA-256', 'SCRAM-SHA-1'];
    expect(offered(saslSession())).toEqual(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', ...plain]);
    expect(offered(inClear)).toEqual(plain);
    expect(offered(saslSession(ann, { tls: testTls() }))).toEqual(plain);
    expect(offered(saslSession(), { channelBindings: [] })).toEqual(plain);
    expect(offered(saslSession(), { hashes: ['SHA-256'] })).toEqual(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']);
  });

  it('takes names with commas and equals signs, passwords of any letters, and extensions that may be ignored', async () => {
    const user = testUser('a,b=c\u00e9', { password: 'p\u00e4ss,=word' });
    const authenticator = new TestAuthenticator({ users: [user] });
    const { name: username, password } = user;
    const client = scramClient({ hash: 'SHA-256', username, password, extensions: [',x=y', ',z=='] });
    const end = await new SaslDialogue(new ScramSha256Mechanism(quick, authenticator), inClear, client).finish();
    expect(end).toMatchObject({ type: 'success', name: username });
  });

  it('refuses extensions that must be understood', async () => {
    expect(await ended(sha256, { extensions: [',m=x', ''] })).toMatchObject({ kind: 'malformed' });
    expect(await ended(sha256, { extensions: ['', ',m=x'] })).toMatchObject({ kind: 'malformed' });
  });

  it('has a nonce of its own for each exchange', async () => {
    const mechanism = new ScramSha256Mechanism(quick, new TestAuthenticator({ users: [ann] }));
    const nonces = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const [challenge] = await challengesOf(mechanism, 'ann');
      nonces.add(/^r=mine([^,]{24}),/.exec(challenge ?? '')?.[1] ?? 'none');
    }
    expect(nonces.size).toBe(50);
    expect(nonces).not.toContain('none');
  });

  it('takes no message of an earlier exchange again', async () => {
    const mechanism = new ScramSha256Mechanism(quick, new TestAuthenticator({ users: [ann] }));
    const client = scramClient({ hash: 'SHA-256', username: 'ann', password: ann.password });
    const said: (Uint8Array | undefined)[] = [];
    const heard = await new SaslDialogue(mechanism, inClear, (challenge) => {
      const answer = client(challenge);
      said.push(answer);
      return answer;
    }).finish();
    expect(heard).toMatchObject(success);
    const again = await new SaslDialogue(mechanism, inClear, () => said.shift()).finish();
    expect(again).toMatchObject({ type: 'failure', kind: 'malformed' });
  });

  it('accepts no last message but the one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(200), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
        const right = scramClient({ hash: 'SHA-256', username: 'ann', password: ann.password });
        let answers = 0;
        const client: SaslClient = (challenge) => {
          const answer = Buffer.from(right(challenge) ?? []);
          if ((answers += 1) === 2) answer[at % answer.length] = (answer[at % answer.length] ?? 0) ^ difference;
          return answer;
        };
        expect((await ended(sha256, client, inClear)).type).toBe('failure');
      }),
      { numRuns: 500 },
    );
  });

  it('ends when a message is missing', async () => {
    const exchange = new ScramSha256Mechanism(quick, new TestAuthenticator({ users: [ann] })).begin(inClear);
    const claim = await exchange.step(Buffer.from('n,,n=ann,r=abc'));
    if (claim.type !== 'claim') throw new Error('no claim');
    await claim.proceed();
    expect(await exchange.step(undefined)).toMatchObject({ type: 'failure', kind: 'malformed' });
  });

  it.each<[string, Partial<ScramKeys>]>([
    ['of another length', { storedKey: Buffer.alloc(20) }],
    ['without a salt', { salt: Buffer.alloc(0) }],
    ['without iterations', { iterations: 0 }],
  ])('rejects where the authenticator gives keys %s', async (_what, wrong) => {
    const keys = { ...keysOf('pencil', 'W22ZaJ0SNY7soEsUEjb6gQ==', 64, 'sha256'), ...wrong };
    const mechanism = new ScramSha256Mechanism(quick, { scram: () => keys });
    const client = scramClient({ hash: 'SHA-256', username: 'ann', password: 'pencil' });
    await expect(new SaslDialogue(mechanism, inClear, client).finish()).rejects.toThrow('no keys of SCRAM-SHA-256');
  });
});

/** The server's first message to somebody, after another first message that is always the same. */
async function challengesOf(mechanism: ScramSha256Mechanism, username: string): Promise<readonly string[]> {
  const first: SaslClient = (challenge) =>
    Buffer.from(challenge === undefined ? `n,,n=${username},r=mine` : 'no last message');
  const dialogue = new SaslDialogue(mechanism, inClear, first);
  await dialogue.finish();
  return dialogue.challenges.map((data) => Buffer.from(data).toString());
}

describe('names that nobody knows (attack A18)', () => {
  const make = (written: Partial<ScramOptions> = {}) =>
    new ScramSha256Mechanism({ ...quick, ...written }, new TestAuthenticator({ users: [ann] }));
  const saltOf = async (mechanism: ScramSha256Mechanism, name: string) =>
    /,s=([^,]+),i=/.exec((await challengesOf(mechanism, name))[0] ?? '')?.[1];

  it('have a salt that stays, also in another listener of the process', async () => {
    const salt = await saltOf(make(), 'nobody');
    expect(salt).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(await saltOf(make(), 'nobody')).toBe(salt);
    expect(await saltOf(make(), 'nobody2')).not.toBe(salt);
  });

  it('look like names that somebody knows', async () => {
    const masked = async (name: string) =>
      (await challengesOf(make(), name))[0]?.replaceAll(/[A-Za-z0-9+/]/g, 'x').length;
    expect(await masked('nobody')).toBe(await masked('ann'));
    expect((await challengesOf(make({ iterations: 12_345 }), 'nobody'))[0]).toMatch(/,i=12345$/);
  });

  it('have the same salt in all processes that have one secret', async () => {
    const secret = 'sixteen octets..';
    const salt = await saltOf(make({ secret }), 'nobody');
    // Pinned: another one after a new release would tell the names that nobody knows from the others.
    expect(salt).toBe('UikJu+94/yuTygi4UYi7VA==');
    expect(salt).not.toBe(await saltOf(make(), 'nobody'));
    expect(await saltOf(make({ secret: 'sixteen octets,,' }), 'nobody')).not.toBe(salt);
  });

  it('are never proved, not even by who knows all that was made up', async () => {
    const fakes = new FakeKeys(64, 'sixteen octets..');
    const keys = fakes.of('nobody', 'SHA-256');
    // Without the client key there is no proof; this is the one that would fit if the stored key were it.
    const client: SaslClient = (challenge) => {
      if (challenge === undefined) return Buffer.from('n,,n=nobody,r=mine');
      const serverFirst = Buffer.from(challenge).toString();
      const withoutProof = `c=biws,r=${/^r=([^,]+)/.exec(serverFirst)?.[1]}`;
      const signed = `n=nobody,r=mine,${serverFirst},${withoutProof}`;
      const signature = createHmac('sha256', keys.storedKey).update(signed).digest();
      const proof = Buffer.from(keys.storedKey.map((octet, i) => octet ^ (signature[i] ?? 0)));
      return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
    };
    const dialogue = new SaslDialogue(make({ secret: 'sixteen octets..' }), inClear, client);
    expect(await dialogue.finish()).toMatchObject({ type: 'failure', kind: 'credentials' });
  });
});

describe('options of SCRAM', () => {
  it('have defaults', () => {
    expect(scramOptions.parse({})).toEqual({
      iterations: 10_000,
      hashes: ['SHA-256', 'SHA-1'],
      channelBindings: ['tls-exporter', 'tls-server-end-point'],
    });
  });

  it.each([
    { iterations: 4095 },
    { iterations: 4096.5 },
    { iterations: '10000' },
    { hashes: [] },
    { hashes: ['MD5'] },
    { channelBindings: ['tls-unique'] },
    { secret: 'too short' },
    { iteration: 5000 },
  ])('refuse %p', (written) => {
    expect(scramOptions.safeParse(written).success).toBe(false);
  });
});

it('is contributed by its manifest in the order in which it is offered', () => {
  expect(scramPlugin.name).toBe('sasl-scram');
  expect(contributionsOf(scramPlugin)).toEqual(
    FORMS.map(({ Mechanism }) => ({ kind: 'mechanism', name: undefined, value: Mechanism })),
  );
});

it.each(FORMS)('is built by the container, each form with what it injects', ({ Mechanism, hash, plus }) => {
  const own = container.createChildContainer();
  own.register(Options, { useValue: quick });
  own.register(Authenticator, { useValue: new TestAuthenticator() });
  const mechanism = own.resolve<InstanceType<typeof Mechanism>>(Mechanism);
  expect(mechanism.name).toBe(`SCRAM-${hash}${plus ? '-PLUS' : ''}`);
  expect(mechanism.offered(saslSession())).toBe(true);
});
