/** ldap: what is asked of nobody, and that no directory is no "no". With a real directory it is tried in tools/e2e. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { inspect } from 'node:util';
import { contributionsOf, recordingLogger, type LogLine } from '@mailverb/testing';
import fc from 'fast-check';
import { escapeDn } from './escape-dn.js';
import { LdapAuthenticator } from './ldap.authenticator.js';
import { ldapOptions } from './ldap.options.js';
import ldapAuthPlugin from './plugin.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A port where somebody answers with these bytes, whatever is said, and counts who comes. */
async function port(answer: Buffer | undefined): Promise<{ readonly url: string; readonly came: () => number }> {
  let came = 0;
  const server = createServer((socket) => {
    came += 1;
    socket.on('error', () => {});
    socket.on('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, came: () => came };
}

const DN = 'uid={name},ou=people,dc=example,dc=org';

function made(options: object): { readonly authenticator: LdapAuthenticator; readonly log: LogLine[] } {
  const log: LogLine[] = [];
  const parsed = ldapOptions.parse({ timeout: '300ms', ...options });
  return { authenticator: new LdapAuthenticator(parsed, recordingLogger(log)), log };
}

describe('auth/ldap', () => {
  it.each([
    ['no password (RFC 4513 5.1.2)', 'ann', ''],
    ['no name', '', 'secret'],
    ['a NUL', 'ann\0', 'secret'],
    ['an endless name', 'a'.repeat(10_000), 'secret'],
  ])('asks nobody about %s', async (_what, name, password) => {
    const { url, came } = await port(undefined);
    expect(await made({ url, dn: DN }).authenticator.password(name, password)).toBeUndefined();
    expect(came()).toBe(0);
  });

  it.each([
    ['is not there', undefined],
    ['hangs up', undefined],
    ['speaks something else', Buffer.from('220 mx.example.org ESMTP\r\n')],
    ['says nothing that ends', Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])],
  ])('can not tell where the directory %s (attack A26)', async (what, answer) => {
    const { url } = what === 'is not there' ? { url: 'ldap://127.0.0.1:1' } : await port(answer);
    for (const how of [{ dn: DN }, { search: { base: 'dc=example,dc=org' } }, { dn: DN, startTls: true }]) {
      const { authenticator, log } = made({ url, ...how });
      await expect(authenticator.password('ann', 'pa55word')).rejects.toThrow('the directory gave no answer');
      expect(log).toHaveLength(1);
      expect(JSON.stringify(log)).not.toContain('pa55word');
    }
  });

  it('takes so many at once and no more (attack A13)', async () => {
    const { url } = await port(undefined);
    const { authenticator } = made({ url, dn: DN, maxConnections: 2 });
    const ends = await Promise.allSettled([1, 2, 3].map((i) => authenticator.password(`u${i}`, 'x')));
    expect(ends.map((end) => String(end.status === 'rejected' && end.reason))).toEqual([
      expect.stringContaining('no answer'),
      expect.stringContaining('no answer'),
      expect.stringContaining('too many logins'),
    ]);
  });

  it('shows nothing of its secrets', async () => {
    const search = { base: 'dc=example,dc=org', bindDn: 'cn=reader', bindPassword: 's3cret' };
    const { authenticator } = made({ url: 'ldap://127.0.0.1:1', search });
    expect(inspect(authenticator, { depth: Infinity, showHidden: true })).not.toMatch(/s3cret|reader/);
    await expect(authenticator.password('ann', 'x')).rejects.not.toThrow('s3cret');
  });
});

describe('escapeDn (RFC 4514 2.4)', () => {
  it.each([
    ['ann', 'ann'],
    ['ann@example.org', 'ann\\40example\\2eorg'],
    ['a,ou=admins', 'a\\2cou\\3dadmins'],
    ['\u00e9', '\\c3\\a9'],
    [' #"+;<>\\\r\n\0', '\\20\\23\\22\\2b\\3b\\3c\\3e\\5c\\0d\\0a\\00'],
  ])('%j: %s', (value, expected) => {
    expect(escapeDn(value)).toBe(expected);
  });

  it('leaves nothing that means anything, and can be undone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const escaped = escapeDn(value);
        expect(escaped).toMatch(/^(?:[A-Za-z0-9]|\\[0-9a-f]{2})*$/);
        const octets = escaped.replaceAll(/\\(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
        expect(Buffer.from(octets, 'latin1').equals(Buffer.from(value))).toBe(true);
      }),
    );
  });
});

it('knows its options and no others', () => {
  const url = 'ldaps://ldap.example.org';
  const search = { base: 'dc=example,dc=org' };
  expect(ldapOptions.safeParse({ url, dn: DN }).success).toBe(true);
  expect(ldapOptions.safeParse({ url, search }).success).toBe(true);
  for (const wrong of [
    { url },
    { url, dn: DN, search },
    { url, dn: 'uid=ann' },
    { url, dn: DN, startTls: true },
    { url: 'http://x.example', dn: DN },
    { url, dn: DN, base: 'x' },
  ]) {
    expect(ldapOptions.safeParse(wrong).success).toBe(false);
  }
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(ldapAuthPlugin.name).toBe('auth-ldap');
  expect(contributionsOf(ldapAuthPlugin)).toEqual([
    { kind: 'authenticator', name: undefined, value: LdapAuthenticator },
  ]);
});
