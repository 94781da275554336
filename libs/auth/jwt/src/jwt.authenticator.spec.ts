/** jwt: which tokens are good, which are not, and when nobody can tell. */
import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FakeClock,
  contributionsOf,
  describeAuthenticator,
  recordingLogger,
  type AuthenticatorTools,
  type LogLine,
} from '@mailverb/testing';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { JwtAuthenticator } from './jwt.authenticator.js';
import { jwtOptions } from './jwt.options.js';
import jwtAuthPlugin from './plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-jwt-'));
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));
afterAll(() => rmSync(folder, { recursive: true }));

interface Issuer {
  readonly key: CryptoKey;
  readonly jwk: object;
}
let issuer: Issuer;
let other: Issuer;

async function makeIssuer(kid: string): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
}
beforeAll(async () => {
  issuer = await makeIssuer('one');
  other = await makeIssuer('two');
});

const clock = () => new FakeClock();
const NOW = new FakeClock().now();
const RULES = { issuer: 'https://id.example.org', audience: 'mail' };

function sign(
  claims: object = {},
  { by = issuer, kid = 'one', exp = 600, iss = RULES.issuer, aud = 'mail' } = {},
): Promise<string> {
  return new SignJWT({ sub: 'ann@example.org', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setExpirationTime(new Date(NOW + exp * 1000))
    .sign(by.key);
}

let files = 0;
function made(options: object = {}, keys: unknown = { keys: [issuer.jwk] }, time = clock()) {
  const file = join(folder, `${++files}.json`);
  writeFileSync(file, typeof keys === 'string' ? keys : JSON.stringify(keys));
  const log: LogLine[] = [];
  const where = 'url' in options ? {} : { file };
  const parsed = jwtOptions.parse({ ...RULES, ...where, ...options });
  return { authenticator: new JwtAuthenticator(parsed, time, recordingLogger(log)), file, log, time };
}

describe('auth/jwt', () => {
  it('knows who a good token stands for', async () => {
    expect(await made().authenticator.token(await sign())).toBe('ann@example.org');
    const email = await sign({ email: 'ann@mail.example', email_verified: true });
    expect(await made({ claim: 'email' }).authenticator.token(email)).toBe('ann@mail.example');
  });

  it.each([
    ['has expired', () => sign({}, { exp: -600 })],
    ['is for somebody else', () => sign({}, { aud: 'web' })],
    ['is from somebody else', () => sign({}, { iss: 'https://evil.example' })],
    ['is signed by another key of that name', () => sign({}, { by: other })],
    ['names no key that there is', () => sign({}, { by: other, kid: 'two' })],
    ['has no name', () => sign({ sub: 7 })],
    ['has an empty name', () => sign({ sub: '' })],
    ['is not valid yet', () => sign({ nbf: NOW / 1000 + 600 })],
    ['is none', () => Promise.resolve('abc')],
    ['is nothing', () => Promise.resolve('')],
    ['is endless', () => Promise.resolve(`${'a'.repeat(20_000)}.b.c`)],
    ['was changed', async () => (await sign()).replace(/\.[^.]+\./, '.eyJzdWIiOiJib3NzIn0.')],
    [
      'is not signed',
      () =>
        Promise.resolve(
          new UnsecuredJWT({ sub: 'ann' })
            .setIssuer(RULES.issuer)
            .setAudience('mail')
            .setExpirationTime(NOW / 1000 + 600)
            .encode(),
        ),
    ],
    [
      'never expires',
      () =>
        new SignJWT({ sub: 'ann' })
          .setProtectedHeader({ alg: 'ES256', kid: 'one' })
          .setIssuer(RULES.issuer)
          .setAudience('mail')
          .sign(issuer.key),
    ],
  ])('knows nobody by a token that %s', async (_what, token) => {
    const { authenticator, log } = made();
    expect(await authenticator.token(await token())).toBeUndefined();
    expect(log).toEqual([]);
  });

  it('takes no signature by a secret that everybody can read (RFC 8725 3.1)', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(issuer.jwk));
    const forged = await new SignJWT({ sub: 'ann' })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(RULES.issuer)
      .setAudience('mail')
      .setExpirationTime(new Date(NOW + 600_000))
      .sign(secret);
    expect(await made().authenticator.token(forged)).toBeUndefined();
    expect(jwtOptions.safeParse({ ...RULES, file: 'x', algorithms: ['HS256'] }).success).toBe(false);
    expect(jwtOptions.safeParse({ ...RULES, file: 'x', algorithms: ['none'] }).success).toBe(false);
  });

  it('takes any of the keys for a token that names none (RFC 7515 4.1.4)', async () => {
    const { authenticator } = made({}, { keys: [other.jwk, issuer.jwk] });
    const unnamed = (by: CryptoKey, exp: number): Promise<string> =>
      new SignJWT({ sub: 'ann' })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(RULES.issuer)
        .setAudience('mail')
        .setExpirationTime(new Date(NOW + exp))
        .sign(by);
    const stranger = await generateKeyPair('ES256');
    expect(await authenticator.token(await unnamed(issuer.key, 600_000))).toBe('ann');
    expect(await authenticator.token(await unnamed(other.key, 600_000))).toBe('ann');
    expect(await authenticator.token(await unnamed(other.key, -600_000))).toBeUndefined();
    expect(await authenticator.token(await unnamed(stranger.privateKey, 600_000))).toBeUndefined();
  });

  it('can not tell by a key that should be known to nobody but the issuer', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const { authenticator, log } = made({}, { keys: [jwk] });
    await expect(authenticator.token(await sign())).rejects.toThrow('nobody can tell');
    expect(log).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain(jwk.d);
  });

  it('wants the scope that it is told to, and an address that was verified', async () => {
    const { authenticator } = made({ scope: 'mail.send', claim: 'email' });
    const email = 'ann@example.org';
    expect(await authenticator.token(await sign({ email, scope: 'openid mail.send' }))).toBe(email);
    expect(await authenticator.token(await sign({ email, scp: ['mail.send'] }))).toBe(email);
    expect(await authenticator.token(await sign({ email, scope: 'openid mail.sender' }))).toBeUndefined();
    expect(await authenticator.token(await sign({ email }))).toBeUndefined();
    for (const email_verified of [false, 'false']) {
      expect(await authenticator.token(await sign({ email, email_verified, scope: 'mail.send' }))).toBeUndefined();
    }
  });

  it('reads the keys again when a token names a new one, and no more often than it is told to', async () => {
    const { authenticator, file, time } = made();
    const token = await sign({}, { by: other, kid: 'two' });
    expect(await authenticator.token(token)).toBeUndefined();
    writeFileSync(file, JSON.stringify({ keys: [issuer.jwk, other.jwk] }));
    expect(await authenticator.token(token)).toBeUndefined();
    await time.advance(30_000);
    expect(await authenticator.token(token)).toBe('ann@example.org');
  });

  it.each(['nothing', '{}', '{"keys":[]}', '{"keys":[{}]}', '[]'])(
    'can not tell by a key set of %j (attack A26)',
    async (keys) => {
      const { authenticator, log } = made({}, keys);
      const token = await sign();
      await expect(authenticator.token(token)).rejects.toThrow('nobody can tell');
      expect(log).toHaveLength(1);
      expect(JSON.stringify(log)).not.toContain(token);
    },
  );

  it('goes on with the keys that it has when new ones are not to be had, and says so once', async () => {
    const { authenticator, file, time, log } = made({ cacheFor: '1m' });
    expect(await authenticator.token(await sign())).toBe('ann@example.org');
    rmSync(file);
    await time.advance(120_000);
    for (let i = 0; i < 3; i++) expect(await authenticator.token(await sign())).toBe('ann@example.org');
    expect(log.map(({ level }) => level)).toEqual(['warn']);
  });

  it('can not tell of a key that it does not know while new ones are not to be had (attack A26)', async () => {
    const { authenticator, file, time } = made();
    const token = await sign({}, { by: other, kid: 'two' });
    expect(await authenticator.token(await sign())).toBe('ann@example.org');
    rmSync(file);
    await time.advance(30_000);
    // Also while it is not tried again.
    for (let i = 0; i < 2; i++) await expect(authenticator.token(token)).rejects.toThrow('nobody can tell');
    expect(await authenticator.token(await sign())).toBe('ann@example.org');
    writeFileSync(file, JSON.stringify({ keys: [issuer.jwk] }));
    await time.advance(30_000);
    expect(await authenticator.token(token)).toBeUndefined();
  });

  it('takes no key that was taken out of its file', async () => {
    const { authenticator, file, time } = made();
    const token = await sign();
    expect(await authenticator.token(token)).toBe('ann@example.org');
    writeFileSync(file, JSON.stringify({ keys: [other.jwk] }));
    await time.advance(30_000);
    expect(await authenticator.token(token)).toBeUndefined();
  });

  it('reads a file at the start, and asks an issuer only when there is a token', async () => {
    await expect(made({}, '{"keys":[]}').authenticator.start()).rejects.toThrow('another form');
    const { authenticator, file } = made();
    await authenticator.start();
    rmSync(file);
    expect(await authenticator.token(await sign())).toBe('ann@example.org');
    await made({ url: 'http://127.0.0.1:1/' }).authenticator.start();
  });

  it('has them from where the issuer has them, once for many tokens', async () => {
    let asked = 0;
    let status = 200;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(status, { location: '/x' }).end(JSON.stringify({ keys: [issuer.jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const { authenticator } = made({ url });
    const token = await sign();
    const all = await Promise.all(Array.from({ length: 10 }, () => authenticator.token(token)));
    expect(new Set(all)).toEqual(new Set(['ann@example.org']));
    expect(asked).toBe(1);
    for (status of [500, 302])
      await expect(made({ url }).authenticator.token(token)).rejects.toThrow('nobody can tell');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(made({ url }).authenticator.token(token)).rejects.toThrow(/ECONNREFUSED|UND_ERR_SOCKET/);
  });
});

/** A token that was not made by jose: by RFC 7515 3.1 and RFC 7518 3.4. */
function signedByHand(key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'ann@example.org', iss: RULES.issuer, aud: [RULES.audience], exp: NOW / 1000 + 600 };
  const signed = `${part({ alg: 'ES256', kid: 'three' })}.${part(claims)}`;
  return `${signed}.${signBytes('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

describe('with an issuer', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const set = () => ({ keys: [issuer.jwk, { ...publicKey.export({ format: 'jwk' }), kid: 'three', use: 'sig' }] });
  let server: Server;
  beforeAll(async () => {
    server = createServer((_request, response) => void response.end(JSON.stringify(set())));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const make = (port: () => number) => (tools: AuthenticatorTools) => {
    const options = jwtOptions.parse({ ...RULES, url: `http://127.0.0.1:${port()}/` });
    return new JwtAuthenticator(options, tools.clock, tools.logger);
  };
  const knows = { name: 'ann@example.org', token: signedByHand(privateKey) };
  const asked = make(() => (server.address() as AddressInfo).port);
  describeAuthenticator('jwt', asked, { knows, down: make(() => 1) });
});

it('knows its options and no others', () => {
  expect(jwtOptions.safeParse({ ...RULES, file: 'x' }).success).toBe(true);
  expect(jwtOptions.safeParse({ ...RULES }).success).toBe(false);
  expect(jwtOptions.safeParse({ ...RULES, url: 'https://ann:pw@x.example/' }).success).toBe(false);
  expect(jwtOptions.safeParse({ ...RULES, file: 'x', url: 'https://x.example/' }).success).toBe(false);
  expect(jwtOptions.safeParse({ ...RULES, file: 'x', secret: 'y' }).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(jwtAuthPlugin.name).toBe('auth-jwt');
  expect(contributionsOf(jwtAuthPlugin)).toEqual([{ kind: 'authenticator', name: undefined, value: JwtAuthenticator }]);
});
