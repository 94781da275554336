/** The mechanisms of one message, LOGIN, and that no secret can be seen. */
import { inspect } from 'node:util';
import { sealCredentials, type ClientCredentials, type TokenProvider } from './credentials.js';
import {
  ExternalClient,
  LoginClient,
  OauthBearerClient,
  PlainClient,
  SaslError,
  ScramClient,
  Xoauth2Client,
  chooseMechanism,
  type ClientMechanism,
} from './index.js';

const text = (octets: Uint8Array | undefined) => (octets === undefined ? undefined : Buffer.from(octets).toString());
const SECRET = 'tanstaaftanstaaf';
const tim = { username: 'tim', password: SECRET };
const tokens = (token = SECRET): TokenProvider => ({ token: () => token });

describe('PLAIN', () => {
  it('says everything at once', () => {
    // RFC 4616 4.
    expect(text(new PlainClient(tim).begin().initial)).toBe(`\0tim\0${SECRET}`);
    const kurt = { username: 'Kurt', password: 'xipj3plmq', authzid: 'Ursel' };
    expect(text(new PlainClient(kurt).begin().initial)).toBe('Ursel\0Kurt\0xipj3plmq');
    const prepared = { username: 'J\u00f6rg', password: 'I\u00adX' };
    expect(text(new PlainClient(prepared).begin().initial)).toBe('\0J\u00f6rg\0I\u00adX');
  });

  it('has nothing to say to a challenge, and nothing to check', () => {
    const exchange = new PlainClient(tim).begin();
    expect(() => exchange.respond(Buffer.from('more'))).toThrow(SaslError);
    expect(() => exchange.finish()).not.toThrow();
  });

  it.each([
    { username: '', password: 'x' },
    { username: 'ann', password: '' },
    { username: 'an\0n', password: 'x' },
    { username: 'ann', password: 'x\0y' },
    { username: 'ann', password: 'x', authzid: 'a\0b' },
  ])('does not say %p', (credentials) => {
    expect(() => new PlainClient(credentials).begin()).toThrow(SaslError);
  });
});

describe('LOGIN', () => {
  it('says the name, then the password, whatever the questions are', async () => {
    const exchange = new LoginClient(tim).begin();
    expect(exchange.initial).toBeUndefined();
    expect(text(await exchange.respond(Buffer.from('User Name\0')))).toBe('tim');
    expect(text(await exchange.respond(Buffer.alloc(0)))).toBe(SECRET);
    expect(() => exchange.finish()).not.toThrow();
    expect(() => exchange.respond(Buffer.from('Token:'))).toThrow(SaslError);
  });

  it('does not believe a yes that comes before the password', async () => {
    const exchange = new LoginClient(tim).begin();
    await exchange.respond(Buffer.from('Username:'));
    expect(() => exchange.finish()).toThrow('before');
  });

  it('refuses a name and a password that are none', () => {
    expect(() => new LoginClient({ username: 'ann', password: '' }).begin()).toThrow(SaslError);
    expect(() => new LoginClient({ username: 'a\0', password: 'x' }).begin()).toThrow(SaslError);
  });
});

describe('EXTERNAL', () => {
  it('says as whom to act, or nothing: which is not the same as to say it later', () => {
    expect(text(new ExternalClient({ external: true }).begin().initial)).toBe('');
    const exchange = new ExternalClient({ external: true, authzid: 'fred@example.com' }).begin();
    expect(text(exchange.initial)).toBe('fred@example.com');
    expect(() => exchange.respond(Buffer.alloc(0))).toThrow(SaslError);
    expect(() => exchange.finish()).not.toThrow();
  });
});

describe('OAUTHBEARER and XOAUTH2', () => {
  it('say the token', async () => {
    // RFC 7628 4.1, without the host and the port, which may be absent.
    const token = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
    const bearer = new OauthBearerClient({ username: 'user@example.com', token: tokens(token) });
    expect(text((await bearer.begin()).initial)).toBe(`n,a=user@example.com,\x01auth=Bearer ${token}\x01\x01`);
    const xoauth2 = new Xoauth2Client({ username: 'someuser@example.com', token: tokens(token) });
    expect(text((await xoauth2.begin()).initial)).toBe(`user=someuser@example.com\x01auth=Bearer ${token}\x01\x01`);
    const commas = new OauthBearerClient({ username: 'a,b=c', token: tokens() });
    expect(text((await commas.begin()).initial)).toContain('n,a=a=2Cb=3Dc,\x01');
  });

  it.each([
    ['OAUTHBEARER', new OauthBearerClient({ username: 'ann', token: tokens() }), '\x01'],
    ['XOAUTH2', new Xoauth2Client({ username: 'ann', token: tokens() }), ''],
  ])('%s answers what the server says of an error, and takes no yes after it', async (_name, client, answer) => {
    const exchange = await client.begin();
    const error = Buffer.from('{"status":"invalid_token","scope":"mail"}');
    expect(text(await exchange.respond(error))).toBe(answer);
    expect(() => exchange.finish()).toThrow('the server does not take the token (invalid_token)');
    expect(() => exchange.respond(error)).toThrow(SaslError);
  });

  it.each([
    ['{"status":"400","schemes":"Bearer"}', '(400)'],
    [`{"status":"${SECRET}"}`, '(no status)'],
    ['{"status":{}}', '(no status)'],
    ['null', '(no status)'],
    ['[1', '(no status)'],
    ['', '(no status)'],
    ['['.repeat(5000), '(no status)'],
  ])('repeat of the words of a server only what is known: %s', async (said, heard) => {
    const exchange = await new Xoauth2Client({ username: 'ann', token: tokens() }).begin();
    await exchange.respond(Buffer.from(said));
    expect(() => exchange.finish()).toThrow(heard);
  });

  it('ask for a token at each attempt, and hand on that nobody waits any longer', async () => {
    const seen: AbortSignal[] = [];
    let count = 0;
    const provider: TokenProvider = { token: async (signal) => (seen.push(signal), `t${(count += 1)}`) };
    const client = new Xoauth2Client({ username: 'ann', token: provider });
    const { signal } = new AbortController();
    expect(text((await client.begin(signal)).initial)).toContain(' t1\x01');
    expect(text((await client.begin()).initial)).toContain(' t2\x01');
    expect(seen[0]).toBe(signal);
    expect(seen).toHaveLength(2);
  });

  it('say why there is none', async () => {
    const cause = new Error('the issuer is down');
    const provider: TokenProvider = { token: () => Promise.reject(cause) };
    await expect(new Xoauth2Client({ username: 'ann', token: provider }).begin()).rejects.toMatchObject({
      fault: 'credentials',
      cause,
    });
  });

  it('do not wait for a token when nobody waits for them, whether or not its provider hears of it', async () => {
    const provider: TokenProvider = { token: () => new Promise(() => undefined) };
    const begin = (signal: AbortSignal) => new Xoauth2Client({ username: 'ann', token: provider }).begin(signal);
    const controller = new AbortController();
    const begun = begin(controller.signal);
    controller.abort();
    await expect(begun).rejects.toMatchObject({ fault: 'credentials' });
    await expect(begin(controller.signal)).rejects.toMatchObject({ fault: 'credentials' });
  });

  it.each(['', 'a b', 'a\x01auth=Bearer b', 'a\r\nb', 'a\0', '\u00e9'])('do not say the token %p', async (token) => {
    const credentials = { username: 'ann', token: tokens(token) };
    for (const Client of [OauthBearerClient, Xoauth2Client]) {
      await expect(new Client(credentials).begin()).rejects.toMatchObject({ fault: 'credentials' });
    }
  });

  it.each(['', 'a\x01auth=Bearer b', 'a\0b', 'a\r\nb'])('do not say the name %p', async (username) => {
    for (const Client of [OauthBearerClient, Xoauth2Client]) {
      await expect(new Client({ username, token: tokens() }).begin()).rejects.toMatchObject({ fault: 'credentials' });
    }
  });
});

describe('the choice', () => {
  const all = new Set([
    'LOGIN',
    'PLAIN',
    'SCRAM-SHA-1',
    'SCRAM-SHA-256',
    'SCRAM-SHA-1-PLUS',
    'SCRAM-SHA-256-PLUS',
    'OAUTHBEARER',
    'XOAUTH2',
    'EXTERNAL',
    'CRAM-MD5',
  ]);
  const bound = () => Buffer.from('x');
  /** All that would be chosen, each as if those before were not offered. */
  function order(credentials: ClientCredentials, options: Parameters<typeof chooseMechanism>[2]): readonly string[] {
    const left = new Set(all);
    const names: string[] = [];
    for (let i = 0; i < all.size; i++) {
      const chosen = chooseMechanism(left, credentials, options);
      if (chosen === undefined) break;
      names.push(chosen.name);
      left.delete(chosen.name);
    }
    return names;
  }
  const plus = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'];
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-1'];

  it('is the strongest first', () => {
    expect(order(tim, { encrypted: true, channelBinding: bound })).toEqual([...plus, ...scram, 'PLAIN', 'LOGIN']);
    expect(order(tim, { encrypted: true })).toEqual([...scram, 'PLAIN', 'LOGIN']);
    expect(order({ username: 'ann', token: tokens() }, { encrypted: true })).toEqual(['OAUTHBEARER', 'XOAUTH2']);
    expect(order({ external: true }, { encrypted: false })).toEqual(['EXTERNAL']);
  });

  it('is never one that says a secret in clear, unless it may', () => {
    expect(order(tim, { encrypted: false, channelBinding: bound })).toEqual(scram);
    expect(order({ username: 'ann', token: tokens() }, { encrypted: false })).toEqual([]);
    expect(order(tim, { encrypted: false, allowPlaintext: true })).toEqual([...scram, 'PLAIN', 'LOGIN']);
    expect(order({ username: 'ann', token: tokens() }, { encrypted: false, allowPlaintext: true })).toHaveLength(2);
  });

  it('is never one that can not say as whom to act', () => {
    expect(order({ ...tim, authzid: 'boss' }, { encrypted: true })).toEqual([...scram, 'PLAIN']);
    expect(order({ ...tim, authzid: '' }, { encrypted: true })).toContain('LOGIN');
  });

  it('is among those that are allowed', () => {
    expect(order(tim, { encrypted: true, allowed: new Set(['LOGIN', 'CRAM-MD5']) })).toEqual(['LOGIN']);
    expect(chooseMechanism(new Set(['CRAM-MD5']), tim, { encrypted: true })).toBeUndefined();
  });

  it('binds by the best that the connection has', async () => {
    const offered = new Set(['SCRAM-SHA-256-PLUS']);
    const first = async (mechanism: ClientMechanism | undefined) => text((await mechanism?.begin())?.initial);
    expect(await first(chooseMechanism(offered, tim, { encrypted: true, channelBinding: bound }))).toMatch(
      /^p=tls-exporter,,/,
    );
    const endPoint = (type: string) => (type === 'tls-server-end-point' ? Buffer.from('x') : undefined);
    expect(await first(chooseMechanism(offered, tim, { encrypted: true, channelBinding: endPoint }))).toMatch(
      /^p=tls-server-end-point,,/,
    );
    expect(chooseMechanism(offered, tim, { encrypted: true, channelBinding: () => undefined })).toBeUndefined();
  });

  it('says that it would have bound only where it was not offered (RFC 5802 6)', async () => {
    const first = async (offered: readonly string[], options: Parameters<typeof chooseMechanism>[2]) =>
      text((await chooseMechanism(new Set(offered), tim, options)?.begin())?.initial);
    const binds = { encrypted: true, channelBinding: bound };
    expect(await first(['SCRAM-SHA-256'], binds)).toMatch(/^y,,/);
    expect(await first(['SCRAM-SHA-256'], { encrypted: true })).toMatch(/^n,,/);
    const only = { ...binds, allowed: new Set(['SCRAM-SHA-256']) };
    expect(await first(['SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS'], only)).toMatch(/^n,,/);
  });
});

describe('secrets', () => {
  const provider = { token: () => SECRET, secret: SECRET };
  const sealed = [sealCredentials(tim), sealCredentials({ username: 'ann', token: provider })];
  const mechanisms: readonly ClientMechanism[] = [
    new PlainClient(tim),
    new LoginClient(tim),
    new ScramClient('SHA-256', tim),
    new OauthBearerClient({ username: 'ann', token: provider }),
    new Xoauth2Client({ username: 'ann', token: provider }),
  ];
  const shown = (value: unknown) =>
    inspect(value, { depth: 10, showHidden: true }) + JSON.stringify(value) + String(value);
  const encoded = [SECRET, Buffer.from(SECRET).toString('base64'), Buffer.from(SECRET).toString('hex')];
  const expectHidden = (value: unknown) => {
    for (const form of encoded) expect(shown(value)).not.toContain(form);
    expect(shown(value).replaceAll(/[ <>]|Buffer/g, '')).not.toContain(encoded[2]);
  };

  it('are not in a dump of credentials, mechanisms and exchanges', async () => {
    for (const one of [...sealed, ...mechanisms]) expectHidden(one);
    for (const mechanism of mechanisms) expectHidden(await mechanism.begin());
  });

  it('are still there for who uses them', async () => {
    expect(sealed[0]).toMatchObject({ username: 'tim' });
    const [password, token] = sealed;
    const plain = chooseMechanism(new Set(['PLAIN']), password ?? tim, { encrypted: true });
    expect(text((await plain?.begin())?.initial)).toBe(`\0tim\0${SECRET}`);
    const oauth = chooseMechanism(new Set(['XOAUTH2']), token ?? tim, { encrypted: true });
    expect(text((await oauth?.begin())?.initial)).toContain(SECRET);
    expect(sealCredentials({ external: true, authzid: 'boss' })).toEqual({ external: true, authzid: 'boss' });
  });

  it('are not in what is thrown', async () => {
    const bad = `${SECRET}\0`;
    const attempts = [
      () => new PlainClient({ username: 'ann', password: bad }).begin(),
      () => new LoginClient({ username: 'ann', password: bad }).begin(),
      () => new ScramClient('SHA-256', { username: 'ann', password: bad }).begin(),
      () => new Xoauth2Client({ username: 'ann', token: tokens(bad) }).begin(),
    ];
    for (const attempt of attempts) {
      const error = await (async () => attempt())().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SaslError);
      expectHidden(error);
    }
  });
});
