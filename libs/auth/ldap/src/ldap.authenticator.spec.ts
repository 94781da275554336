/** ldap: whom a directory knows, what is asked of nobody, and that no directory is no "no". With a real one it is tried in tools/e2e. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket, createSecureContext, createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { contributionsOf, describeAuthenticator, recordingLogger, type LogLine } from '@mailverb/testing';
import fc from 'fast-check';
import { EqualityFilter } from 'ldapts';
import { escapeDn } from './escape-dn.js';
import { LdapAuthenticator } from './ldap.authenticator.js';
import { ldapOptions } from './ldap.options.js';
import ldapAuthPlugin from './plugin.js';
import { whoIsNamed } from './search-filter.js';

// BER (X.690), as much of it as a directory needs.

const ber = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const size = value.length < 0x80 ? [value.length] : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
};
const number = (tag: number, value: number): Buffer => ber(tag, Buffer.from([value]));
const sequence = (...parts: readonly Buffer[]): Buffer => ber(0x30, ...parts);
const octets = (text: string): Buffer => ber(0x04, text);

interface Element {
  readonly tag: number;
  readonly value: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** Undefined if it is not all there yet. */
function elementAt(data: Buffer, start = 0): Element | undefined {
  const [tag, first] = [data[start], data[start + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const more = first < 0x80 ? 0 : first & 0x7f;
  const from = start + 2 + more;
  if (data.length < from) return undefined;
  const end = from + (more === 0 ? first : data.readUIntBE(start + 2, more));
  return data.length < end ? undefined : { tag, value: data.subarray(from, end), end };
}

function elements(data: Buffer): readonly Element[] {
  const all: Element[] = [];
  for (let one = elementAt(data); one !== undefined; one = elementAt(data, one.end)) all.push(one);
  return all;
}

/** Who is in a directory. */
interface Person {
  readonly dn: string;
  readonly password?: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

const BASE = 'ou=people,dc=example,dc=org';
const READER = { dn: 'cn=reader', password: 's3cret of the reader', attributes: {} };
const ANN = { name: 'ann', password: 'correct horse' };
const PEOPLE: readonly Person[] = [
  READER,
  {
    dn: `uid=ann,${BASE}`,
    password: ANN.password,
    attributes: { uid: ['ann'], mail: ['ann@example.org'], cn: ['Ann', 'Anna'], sn: ['a\r\nb'] },
  },
  { dn: `uid=bob,${BASE}`, password: 'pw of bob', attributes: { uid: ['bob'], mail: ['bob@example.org'] } },
  // To ldapts this is no DN but a SASL mechanism.
  { dn: 'PLAIN', attributes: { mail: ['odd@example.org'] } },
  { dn: `uid=bob2,${BASE}`, password: 'pw of bob', attributes: { uid: ['bob2'], mail: ['bob@example.org'] } },
];

/** True if a filter (RFC 4511 4.5.1.7) is true of somebody. */
function isTrue({ tag, value }: Element, { attributes }: Person): boolean {
  const parts = elements(value);
  const [attribute = '', wanted] = parts.map((part) => part.value.toString());
  if (tag === 0xa0) return parts.every((part) => isTrue(part, { dn: '', attributes }));
  if (tag === 0xa1) return parts.some((part) => isTrue(part, { dn: '', attributes }));
  if (tag === 0x87) return value.toString() in attributes;
  if (tag === 0xa4) throw new Error('nobody looks for a part of a name');
  return attributes[attribute]?.includes(wanted ?? '') === true;
}

/** Names are compared by what they mean (RFC 4514 2.4): no escaped octet is a separator. */
const meaning = (dn: string): string =>
  JSON.stringify(
    dn
      .split(',')
      .map((part) => part.replaceAll(/\\(..)/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))),
  );

/** A directory with people in it, and what it was asked. */
class Directory {
  readonly asked: string[] = [];
  /** The result code of binds that are refused. */
  refusal = 49;
  /** In place of a handshake, once StartTLS was granted. */
  instead: ((socket: Socket) => void) | undefined;
  /** Put in by somebody on the way, behind the answer to StartTLS. */
  injected: Buffer = Buffer.alloc(0);
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #came = 0;

  constructor(tls: 'none' | 'implicit' = 'none') {
    const serve = (socket: Socket): void => {
      this.#came += 1;
      this.#open.add(socket.once('close', () => this.#open.delete(socket)));
      this.#serve(socket);
    };
    this.#server = tls === 'none' ? createServer(serve) : createTlsServer(CERTIFICATE, serve);
    servers.push(this.#server);
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get came(): number {
    return this.#came;
  }

  /** Waits until everybody has gone. */
  async empty(): Promise<void> {
    for (const socket of this.#open) await once(socket, 'close');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ldap://127.0.0.1:${this.port}`;
  }

  #serve(socket: Socket): void {
    let data = Buffer.alloc(0);
    let bound = '';
    socket.on('error', () => {});
    const read = (chunk: Buffer): void => {
      data = Buffer.concat([data, chunk]);
      for (let message = elementAt(data); message !== undefined; message = elementAt(data)) {
        data = data.subarray(message.end);
        const [id = message, op = message] = elements(message.value);
        const [first, second, third] = elements(op.tag === 0x42 ? Buffer.alloc(0) : op.value);
        const answer = (...ops: readonly Buffer[]): void => {
          socket.write(Buffer.concat(ops.map((one) => sequence(ber(0x02, id.value), one))));
        };
        const result = (tag: number, code: number): Buffer => ber(tag, number(0x0a, code), octets(''), octets(''));
        if (op.tag === 0x60 && second !== undefined && third !== undefined) {
          const [dn, password] = [second.value.toString(), third.value.toString()];
          this.asked.push(`bind ${dn}`);
          const right = PEOPLE.some((one) => meaning(one.dn) === meaning(dn) && one.password === password);
          bound = right ? dn : '';
          answer(result(0x61, right ? 0 : this.refusal));
        } else if (op.tag === 0x63 && first !== undefined && second !== undefined) {
          const base = first.value.toString();
          this.asked.push(`search ${base} as ${bound}`);
          const [filter, attributes] = elements(op.value).slice(6);
          const names = elements(attributes?.value ?? Buffer.alloc(0)).map(({ value }) => value.toString());
          const found = PEOPLE.filter(
            (one) =>
              (second.value[0] === 0
                ? meaning(one.dn) === meaning(base)
                : base === '' || one.dn.endsWith(`,${base}`)) &&
              filter !== undefined &&
              (second.value[0] === 0 || isTrue(filter, one)),
          );
          answer(...found.map((one) => entryOf(one, names)), result(0x65, 0));
        } else if (op.tag === 0x77) {
          this.asked.push('StartTLS');
          socket.off('data', read);
          const granted = sequence(ber(0x02, id.value), result(0x78, this.refusal === 52 ? 52 : 0));
          socket.write(Buffer.concat([granted, this.injected]));
          if (this.instead !== undefined) return this.instead(socket);
          this.#serve(new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(CERTIFICATE) }));
        } else {
          this.asked.push('unbind');
          socket.destroy();
        }
      }
    };
    socket.on('data', read);
  }
}

/** Attributes have the case that they have in the schema, and not that in which they are asked for. */
function entryOf({ dn, attributes }: Person, names: readonly string[]): Buffer {
  const wanted = names.map((name) => name.toLowerCase());
  const given = Object.entries(attributes).filter(([type]) => wanted.includes(type));
  const list = given.map(([type, values]) => sequence(octets(type), ber(0x31, ...values.map(octets))));
  return ber(0x64, octets(dn), sequence(...list));
}

/** A certificate for 127.0.0.1 that has signed itself (RFC 5280 4.1). */
function selfSigned(): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = sequence(ber(0x31, sequence(Buffer.from('0603550403', 'hex'), ber(0x0c, 'directory'))));
  const years = sequence(ber(0x17, '200101000000Z'), ber(0x17, '491231235959Z'));
  const address = sequence(ber(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = ber(0xa3, sequence(sequence(Buffer.from('0603551d11', 'hex'), ber(0x04, address))));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const version = ber(0xa0, number(0x02, 2));
  const tbs = sequence(version, number(0x02, 1), ecdsaWithSha256, name, years, name, spki, extensions);
  const der = sequence(tbs, ecdsaWithSha256, ber(0x03, Buffer.from([0]), sign('sha256', tbs, privateKey)));
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const CERTIFICATE = selfSigned();
const folder = mkdtempSync(join(tmpdir(), 'mailverb-ldap-'));
const CA = join(folder, 'ca.pem');
writeFileSync(CA, CERTIFICATE.cert);

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** A port where somebody answers with these bytes, whatever is said. */
async function port(answer: Buffer | undefined): Promise<{ readonly url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const DN = `uid={name},${BASE}`;
const SEARCH = { base: BASE, bindDn: READER.dn, bindPassword: READER.password };

function made(options: object): { readonly authenticator: LdapAuthenticator; readonly log: LogLine[] } {
  const log: LogLine[] = [];
  const parsed = ldapOptions.parse({ timeout: '2s', ...options });
  return { authenticator: new LdapAuthenticator(parsed, recordingLogger(log)), log };
}

const DOWN = 'ldap://127.0.0.1:1';
let directory: Directory;
beforeAll(async () => {
  directory = await new Directory().listen();
});

describeAuthenticator('ldap, by a DN', () => made({ url: directory.url, dn: DN }).authenticator, {
  knows: ANN,
  down: ({ logger }) => new LdapAuthenticator(ldapOptions.parse({ url: DOWN, dn: DN }), logger),
});
describeAuthenticator(
  'ldap, by a search',
  ({ logger }) => {
    const options = ldapOptions.parse({ url: directory.url, search: SEARCH, nameAttribute: 'UID' });
    return new LdapAuthenticator(options, logger);
  },
  {
    knows: { ...ANN, name: 'ann@example.org', acts: 'ann' },
    down: ({ logger }) => new LdapAuthenticator(ldapOptions.parse({ url: DOWN, search: SEARCH }), logger),
    secrets: [READER.password],
  },
);
describeAuthenticator(
  'ldap, by a filter',
  ({ logger }) => {
    const search = { ...SEARCH, filter: '(&(uid=*)(|(mail={name})(uid={name})))' };
    return new LdapAuthenticator(ldapOptions.parse({ url: directory.url, search, nameAttribute: 'mail' }), logger);
  },
  {
    knows: { ...ANN, acts: 'ann@example.org' },
    down: ({ logger }) => new LdapAuthenticator(ldapOptions.parse({ url: DOWN, search: SEARCH }), logger),
  },
);

describe('auth/ldap', () => {
  it.each([
    ['no password (RFC 4513 5.1.2)', 'ann', ''],
    ['no name', '', 'secret'],
    ['a NUL', 'ann\0', 'secret'],
    ['the end of a line', 'ann\r\n', 'secret'],
    ['spaces that mean nothing (RFC 4518 2.6.1)', ' ann', 'secret'],
    ['an endless name', 'a'.repeat(10_000), 'secret'],
  ])('asks nobody about %s', async (_what, name, password) => {
    const quiet = await new Directory().listen();
    expect(await made({ url: quiet.url, dn: DN }).authenticator.password(name, password)).toBeUndefined();
    expect(quiet.came).toBe(0);
  });

  it('asks who somebody is as whom it is told to, and binds as nobody where there is nobody (attack A18)', async () => {
    const { asked, url } = await new Directory().listen();
    const { authenticator } = made({ url, search: { ...SEARCH, filter: '(uid=*)' } });
    expect(await authenticator.password('ann@example.org', ANN.password)).toBe('ann@example.org');
    const search = ['bind cn=reader', `search ${BASE} as cn=reader`];
    expect(asked.slice(0, 3)).toEqual([...search, `bind uid=ann,${BASE}`]);
    expect(await authenticator.password('eve@example.org', ANN.password)).toBeUndefined();
    expect(asked.filter((one) => one !== 'unbind').slice(3, 6)).toEqual([
      ...search,
      expect.stringMatching(`^bind cn=[-0-9a-f]{36},${BASE}$`),
    ]);
  });

  it('takes the attribute that it is told to for the name, if it has one value that can be one', async () => {
    const acts = (nameAttribute: string): Promise<string | undefined> =>
      made({ url: directory.url, dn: DN, nameAttribute }).authenticator.password('ann', ANN.password);
    expect(await acts('MAIL')).toBe('ann@example.org');
    expect(await acts('cn')).toBeUndefined();
    expect(await acts('sn')).toBeUndefined();
    expect(await acts('employeeNumber')).toBeUndefined();
  });

  it('can not tell who is meant by a name that two have', async () => {
    const { authenticator, log } = made({ url: directory.url, search: SEARCH });
    await expect(authenticator.password('bob@example.org', 'pw of bob')).rejects.toThrow('Ambiguous');
    expect(log).toHaveLength(1);
  });

  it('binds as nobody whose DN is none', async () => {
    const { asked, url } = await new Directory().listen();
    const { authenticator } = made({ url, search: { ...SEARCH, base: '' } });
    await expect(authenticator.password('odd@example.org', 'pa55word')).rejects.toThrow('Unnamed');
    expect(asked.filter((one) => one.startsWith('bind'))).toEqual(['bind cn=reader']);
    // And nobody's has an end that is none.
    expect(await authenticator.password('eve@example.org', 'pa55word')).toBeUndefined();
    expect(asked.at(-1)).toMatch(/^bind cn=[-0-9a-f]{36}$/);
  });

  it('can not tell where it may not ask', async () => {
    const search = { ...SEARCH, bindPassword: 'wr0ng secret' };
    const { authenticator } = made({ url: directory.url, search });
    await expect(authenticator.password('ann@example.org', ANN.password)).rejects.toThrow('InvalidCredentialsError 49');
  });

  it.each([
    [49, false],
    [48, false],
    [32, false],
    [51, true],
    [53, true],
  ])('%d is a failure: %j', async (code, failure) => {
    const strict = await new Directory().listen();
    strict.refusal = code;
    const { authenticator } = made({ url: strict.url, dn: DN });
    const asked = authenticator.password('ann', 'wrong');
    await (failure ? expect(asked).rejects.toThrow(String(code)) : expect(asked).resolves.toBeUndefined());
  });

  it('says nothing in clear once it has begun TLS', async () => {
    const { asked, url } = await new Directory().listen();
    const secure = { url, dn: DN, startTls: true };
    expect(await made({ ...secure, ca: CA }).authenticator.password('ann', ANN.password)).toBe('ann');
    expect(asked.slice(0, 2)).toEqual(['StartTLS', `bind uid=ann,${BASE}`]);
    asked.length = 0;
    // Not signed by anybody whom it trusts; and signed for another name.
    await expect(made(secure).authenticator.password('ann', ANN.password)).rejects.toThrow(
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    );
    const elsewhere = { ...secure, ca: CA, url: url.replace('127.0.0.1', 'localhost') };
    await expect(made(elsewhere).authenticator.password('ann', ANN.password)).rejects.toThrow('ALTNAME');
    expect(asked.filter((one) => one.startsWith('bind'))).toEqual([]);
  });

  it.each([2, 3])('believes nothing that stands in clear behind StartTLS (attack A4): message %d', async (id) => {
    const attacked = await new Directory().listen();
    // The beginning of a yes; the directory's own no would be its end.
    const yes = ber(0x61, number(0x0a, 0), octets(''), ber(0x04, Buffer.alloc(14)));
    attacked.injected = sequence(number(0x02, id), yes).subarray(0, -14);
    const { authenticator } = made({ url: attacked.url, dn: DN, startTls: true, ca: CA });
    await expect(authenticator.password('ann', 'wr0ng pass')).rejects.toThrow('StartTlsError');
    expect(attacked.asked.filter((one) => one.startsWith('bind'))).toEqual([]);
  });

  it.each([
    ['is for something else', sequence(number(0x02, 2), ber(0x78, number(0x0a, 0), octets(''), octets('')))],
    ['is none', sequence(number(0x02, 1), ber(0x61, number(0x0a, 0), octets(''), octets('')))],
    ['is endless', Buffer.concat([Buffer.from([0x30, 0x83, 0x7f, 0xff, 0xff]), Buffer.alloc(5000)])],
  ])('can not tell where an answer to StartTLS %s', async (_what, answer) => {
    const { authenticator } = made({ ...(await port(answer)), dn: DN, startTls: true, ca: CA });
    await expect(authenticator.password('ann', 'pa55word')).rejects.toThrow(/StartTlsError (?:malformed|too long)/);
  });

  it.each([{}, { startTls: true, ca: CA }])('leaves no connection behind: %j', async (how) => {
    const { authenticator } = made({ url: directory.url, dn: DN, ...how });
    for (const password of [ANN.password, 'wrong']) await authenticator.password('ann', password);
    await directory.empty();
  });

  it('can not tell where StartTLS is refused', async () => {
    const { asked, url } = Object.assign(await new Directory().listen(), { refusal: 52 });
    const { authenticator } = made({ url, dn: DN, startTls: true, ca: CA });
    await expect(authenticator.password('ann', ANN.password)).rejects.toThrow('StartTlsError');
    expect(asked).toEqual(['StartTLS']);
  });

  it('says nothing in clear where TLS comes first', async () => {
    const secure = await new Directory('implicit').listen();
    const options = { url: `ldaps://127.0.0.1:${secure.port}`, dn: DN };
    expect(await made({ ...options, ca: CA }).authenticator.password('ann', ANN.password)).toBe('ann');
    await expect(made(options).authenticator.password('ann', ANN.password)).rejects.toThrow('SELF_SIGNED');
    const elsewhere = { ...options, ca: CA, url: `ldaps://localhost:${secure.port}` };
    await expect(made(elsewhere).authenticator.password('ann', ANN.password)).rejects.toThrow('ALTNAME');
  });

  it.each([
    ['never comes', () => {}, 'timed out'],
    ['is broken off', (socket: Socket) => void socket.once('data', () => socket.destroy()), 'ECONNRESET'],
    [
      'is none',
      (socket: Socket) => void socket.once('data', () => socket.write('no TLS, but "yes" to all\r\n')),
      'ERR_SSL',
    ],
  ])('can not tell where a handshake %s, and lets go of it (attack A26)', async (_what, instead, why) => {
    const odd = await new Directory().listen();
    let closed = (): void => {};
    const end = new Promise<void>((resolve) => (closed = resolve));
    odd.instead = (socket) => {
      socket.once('close', closed);
      instead(socket);
      socket.resume();
    };
    const options = { url: odd.url, dn: DN, startTls: true, ca: CA, maxConnections: 1, timeout: '200ms' };
    const { authenticator, log } = made(options);
    await expect(authenticator.password('ann', 'pa55word')).rejects.toThrow(why);
    await end;
    odd.instead = undefined;
    expect(log).toHaveLength(1);
    expect(odd.asked.filter((one) => one.startsWith('bind'))).toEqual([]);
  });

  it.each([
    ['is not there', undefined],
    ['hangs up', undefined],
    ['speaks something else', Buffer.from('220 mx.example.org ESMTP\r\n')],
    ['says nothing that ends', Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])],
  ])('can not tell where the directory %s (attack A26)', async (what, answer) => {
    const { url } = what === 'is not there' ? { url: DOWN } : await port(answer);
    for (const how of [{ dn: DN }, { search: { base: 'dc=example,dc=org' } }, { dn: DN, startTls: true }]) {
      const { authenticator, log } = made({ url, timeout: '300ms', ...how });
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

describe('whoIsNamed (RFC 4515 3)', () => {
  it('means the name and nothing else, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'()*\\\0&|!=:~<>{name} \r\na\u00e9\u{1f4e7}'), minLength: 1 }),
        (name) => {
          for (const filter of [undefined, '(mail={name})']) {
            expect(whoIsNamed(name, { attribute: 'mail', filter })).toEqual(
              new EqualityFilter({ attribute: 'mail', value: name }),
            );
          }
        },
      ),
    );
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
    { url, dn: '{name}' },
    { url: 'ldap://reader:secret@ldap.example.org', dn: DN },
    { url, search: { ...search, bindDn: 'cn=reader' } },
    { url, search: { ...search, bindDn: 'cn=reader', bindPassword: '' } },
    { url, search: { ...search, filter: '(uid=ann' } },
    { url, search: { ...search, filter: '({name}=ann)' } },
    { url, search: { ...search, attribute: 'uid', filter: '(mail={name})' } },
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
