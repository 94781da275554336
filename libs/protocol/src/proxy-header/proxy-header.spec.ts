/** The PROXY header: what is read, what is refused, and that it is the same at every split (attacks A13, A16). */
import fc from 'fast-check';
import { canonicalIp } from '../grammar/ip.js';
import { crc32c } from './crc32c.js';
import { PROXY_TLV, ProxyHeaderReader, formatProxyHeader, type ProxyHeader, type ProxyHeaderResult } from './index.js';

jest.setTimeout(60_000);

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const hex = (text: string) => Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** What comes of chunks: the last answer, with the rest and whatever comes after it as one piece. */
function read(...chunks: readonly Uint8Array[]): ProxyHeaderResult {
  const reader = new ProxyHeaderReader();
  for (const [index, chunk] of chunks.entries()) {
    const result = reader.push(chunk);
    if (result.type === 'invalid') return result;
    if (result.type === 'done') {
      return {
        ...result,
        rest: Uint8Array.from([result.rest, ...chunks.slice(index + 1)].flatMap((piece) => [...piece])),
      };
    }
  }
  return { type: 'more' };
}

function headerOf(bytes: Uint8Array): ProxyHeader {
  const result = read(bytes);
  if (result.type !== 'done') throw new Error(JSON.stringify(result));
  expect(result.rest).toHaveLength(0);
  return result.header;
}

function wrongOf(bytes: Uint8Array): string {
  const result = read(bytes);
  return result.type === 'invalid' ? result.reason : result.type;
}

const line = (text: string) => bytesOf(`${text}\r\n`);
const tlv = (type: number, value: readonly number[] | Uint8Array) => [
  type,
  value.length >> 8,
  value.length & 0xff,
  ...value,
];
const block = (command: number, family: number, ...content: readonly number[]) =>
  Uint8Array.of(...hex(SIGNATURE), command, family, content.length >> 8, content.length & 0xff, ...content);
const V4 = [192, 0, 2, 1, 192, 0, 2, 25, 0xc3, 0x50, 0, 25];
const withTlvs = (...tlvs: readonly number[][]) => block(0x21, 0x11, ...V4, ...tlvs.flat());
const ENDS = {
  source: { address: '192.0.2.1', port: 50_000 },
  destination: { address: '192.0.2.25', port: 25 },
};

describe('version 1', () => {
  it.each([
    ['PROXY TCP4 192.0.2.1 192.0.2.25 50000 25', '192.0.2.1', 50_000, '192.0.2.25', 25],
    ['PROXY TCP4 0.0.0.0 255.255.255.255 0 65535', '0.0.0.0', 0, '255.255.255.255', 65_535],
    ['PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:25 1 25', '2001:db8::1', 1, '2001:db8::25', 25],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:0219 1 25', '192.0.2.1', 1, '192.0.2.25', 25],
  ])('%s', (text, address, port, toAddress, toPort) => {
    const source = { address, port };
    const destination = { address: toAddress, port: toPort };
    expect(headerOf(line(text))).toEqual({ version: 1, local: false, source, destination, tlvs: [] });
  });

  it.each(['PROXY UNKNOWN', 'PROXY UNKNOWN ', 'PROXY UNKNOWN ffff:: ::1 65535 x'])('%s tells of no client', (text) => {
    expect(headerOf(line(text))).toEqual({ version: 1, local: false, tlvs: [] });
  });

  it('may have 107 octets and not one more', () => {
    expect(headerOf(line(`PROXY UNKNOWN ${'x'.repeat(91)}`)).version).toBe(1);
    expect(wrongOf(line(`PROXY UNKNOWN ${'x'.repeat(92)}`))).toMatch(/too long/);
    // Said without waiting for an end.
    expect(wrongOf(bytesOf(`PROXY UNKNOWN ${'x'.repeat(93)}`))).toMatch(/too long/);
    const longest = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    expect(headerOf(line(`PROXY TCP6 ${longest} ${longest} 65535 65535`)).source?.address).toBe(longest);
  });

  it.each([
    'PROXY',
    'PROXY ',
    'PROXY  TCP4 192.0.2.1 192.0.2.25 50000 25',
    'PROXY TCP4  192.0.2.1 192.0.2.25 50000 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 50000  25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 50000 25 ',
    ' PROXY TCP4 192.0.2.1 192.0.2.25 50000 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 50000 25 1',
    'PROXY TCP4 192.0.2.1 192.0.2.25 50000',
    'PROXY TCP4 192.0.2.1 192.0.2.25',
    'PROXY TCP4',
    'proxy TCP4 192.0.2.1 192.0.2.25 50000 25',
    'PROXY tcp4 192.0.2.1 192.0.2.25 50000 25',
    'PROXY UDP4 192.0.2.1 192.0.2.25 50000 25',
    'PROXY UNKNOWNS',
    'PROXY TCP4 192.0.2.01 192.0.2.25 50000 25',
    'PROXY TCP4 192.0.2.256 192.0.2.25 50000 25',
    'PROXY TCP4 192.0.2 192.0.2.25 50000 25',
    'PROXY TCP4 ::1 ::1 50000 25',
    'PROXY TCP4 ::ffff:192.0.2.1 ::ffff:192.0.2.1 50000 25',
    'PROXY TCP6 192.0.2.1 192.0.2.25 50000 25',
    'PROXY TCP6 ::1%lo ::1 50000 25',
    'PROXY TCP6 [::1] ::1 50000 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 050000 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 00 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 65536 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 -1 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 +1 25',
    'PROXY TCP4 192.0.2.1 192.0.2.25 1e3 25',
    'PROXY TCP4 client.example 192.0.2.25 1 25',
    'PROXY TCP4\t192.0.2.1 192.0.2.25 1 25',
    'PROXY UNKNOWN \0',
    'PROXY UNKNOWN \x7f',
    'PROXY UNKNOWN \xe9',
    'PROXY UNKNOWN\r',
    'EHLO client.example',
  ])('refuses %j', (text) => {
    expect(read(line(text))).toMatchObject({ type: 'invalid' });
  });

  it('ends at CRLF, not at LF, nor at CR alone', () => {
    expect(wrongOf(bytesOf('PROXY UNKNOWN\n'))).toMatch(/octet/);
    expect(wrongOf(bytesOf('PROXY UNKNOWN\rx'))).toMatch(/octet/);
    expect(wrongOf(bytesOf('PROXY UNKNOWN\r'))).toBe('more');
  });

  it('is given up at the first octet that cannot be its own, so that nobody waits for the rest (attack A21)', () => {
    expect(wrongOf(bytesOf('E'))).toBe('no PROXY header');
    expect(wrongOf(bytesOf('PROXY'))).toBe('more');
    expect(wrongOf(bytesOf('PROXYX'))).toBe('no PROXY header');
    expect(wrongOf(hex('1603'))).toBe('no PROXY header');
    expect(wrongOf(hex('0d0a0d0a00'))).toBe('more');
    expect(wrongOf(hex('0d0a0d0a01'))).toBe('no PROXY header');
  });
});

describe('version 2', () => {
  it('tells of IPv4', () => {
    expect(headerOf(block(0x21, 0x11, ...V4))).toEqual({ version: 2, local: false, ...ENDS, tlvs: [] });
  });

  it('tells of IPv6, and of IPv4 within it as IPv4', () => {
    const from = hex('20010db8000000000000000000000001');
    const to = hex('00000000000000000000ffffc0000219');
    expect(headerOf(block(0x21, 0x21, ...from, ...to, 0, 1, 0, 25))).toEqual({
      version: 2,
      local: false,
      source: { address: '2001:db8::1', port: 1 },
      destination: { address: '192.0.2.25', port: 25 },
      tlvs: [],
    });
  });

  it('tells of no client where it is LOCAL, whatever else it says', () => {
    const local = { version: 2, local: true, tlvs: [] };
    expect(headerOf(block(0x20, 0x00))).toEqual(local);
    expect(headerOf(block(0x20, 0x11, ...V4, ...tlv(PROXY_TLV.CRC32C, [0, 0, 0, 0])))).toEqual(local);
    expect(headerOf(block(0x20, 0x99, 1, 2, 3))).toEqual(local);
  });

  it('tells of no client where it is UNSPEC or a unix socket, and has TLVs there too', () => {
    const tlvs = [{ type: 0xe0, value: Uint8Array.of(7) }];
    const none = { version: 2, local: false, tlvs };
    expect(headerOf(block(0x21, 0x00, ...tlv(0xe0, [7])))).toEqual(none);
    const paths = Array.from({ length: 216 }, () => 0x61);
    expect(headerOf(block(0x21, 0x31, ...paths, ...tlv(0xe0, [7])))).toEqual(none);
  });

  it.each([
    ['version 1', block(0x11, 0x11, ...V4)],
    ['version 3', block(0x31, 0x11, ...V4)],
    ['another command', block(0x22, 0x11, ...V4)],
    ['datagrams', block(0x21, 0x12, ...V4)],
    ['datagrams of IPv6', block(0x21, 0x22, ...V4, ...V4, ...V4)],
    ['datagrams of unix sockets', block(0x21, 0x32)],
    ['no transport', block(0x21, 0x10, ...V4)],
    ['no family', block(0x21, 0x01, ...V4)],
    ['another family', block(0x21, 0x41, ...V4)],
    ['IPv4 that is too short', block(0x21, 0x11, ...V4.slice(1))],
    ['IPv6 that is too short', block(0x21, 0x21, ...V4, ...V4)],
    ['unix that is too short', block(0x21, 0x31, ...V4)],
    ['a TLV that is cut off', withTlvs([0xe0, 0, 2, 1])],
    ['a TLV without its length', withTlvs([0xe0, 0])],
    ['a TLV that goes on beyond the header', block(0x21, 0x00, 0xe0, 0xff, 0xff, 1)],
  ])('refuses %s', (_name, bytes) => {
    expect(wrongOf(bytes)).toMatch(/^version 2: /);
  });

  it('may have 4096 octets behind its length and not one more, which is said before they come', () => {
    const big = (octets: number) => block(0x21, 0x00, ...tlv(0xe0, new Uint8Array(octets - 3)));
    expect(headerOf(big(4096)).tlvs[0]?.value).toHaveLength(4093);
    expect(wrongOf(big(4097).slice(0, 16))).toBe('version 2: too long');
    expect(wrongOf(block(0x20, 0x00).with(14, 0xff))).toBe('version 2: too long');
  });
});

describe('TLVs of version 2', () => {
  const text = (value: string) => [...new TextEncoder().encode(value)];

  it('are kept in their order, without padding', () => {
    const bytes = withTlvs(tlv(0xe1, [1]), tlv(PROXY_TLV.NOOP, [0, 0]), tlv(0xe0, []), tlv(0xe1, [2]));
    expect(headerOf(bytes).tlvs).toEqual([
      { type: 0xe1, value: Uint8Array.of(1) },
      { type: 0xe0, value: new Uint8Array(0) },
      { type: 0xe1, value: Uint8Array.of(2) },
    ]);
  });

  it('are copies, which nobody changes any more', () => {
    const bytes = withTlvs(tlv(0xe1, [1]));
    const header = headerOf(bytes);
    bytes.fill(0);
    expect(header.tlvs[0]?.value).toEqual(Uint8Array.of(1));
  });

  it('tell the authority and the unique id', () => {
    const bytes = withTlvs(tlv(PROXY_TLV.AUTHORITY, text('b\u00fccher.example')), tlv(PROXY_TLV.UNIQUE_ID, [0, 255]));
    expect(headerOf(bytes)).toMatchObject({ authority: 'b\u00fccher.example', uniqueId: Uint8Array.of(0, 255) });
    expect(headerOf(withTlvs(tlv(PROXY_TLV.UNIQUE_ID, new Uint8Array(128)))).uniqueId).toHaveLength(128);
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.UNIQUE_ID, new Uint8Array(129))))).toMatch(/unique id/);
  });

  it.each(['a\r\nb', 'a\0', '\x7f', '\u0085', '\u2028'])('may not have the text %j (attack A6)', (value) => {
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.AUTHORITY, text(value))))).toMatch(/authority/);
    const ssl = [1, 0, 0, 0, 0, ...tlv(PROXY_TLV.SSL_CN, text(value))];
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.SSL, ssl)))).toMatch(/SSL/);
  });

  it('may not have a text that is no UTF-8', () => {
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.AUTHORITY, [0xff])))).toMatch(/authority/);
  });

  it('tell of TLS', () => {
    const sub = [
      ...tlv(PROXY_TLV.SSL_VERSION, text('TLSv1.3')),
      ...tlv(PROXY_TLV.SSL_CN, text('Ann')),
      ...tlv(PROXY_TLV.SSL_CIPHER, text('TLS_AES_128_GCM_SHA256')),
      ...tlv(0x25, text('RSA2048')),
    ];
    expect(headerOf(withTlvs(tlv(PROXY_TLV.SSL, [7, 0, 0, 0, 0, ...sub]))).ssl).toEqual({
      tls: true,
      certificateInConnection: true,
      certificateInSession: true,
      verified: true,
      version: 'TLSv1.3',
      commonName: 'Ann',
      cipher: 'TLS_AES_128_GCM_SHA256',
    });
  });

  it.each([
    ['a certificate that is verified', [3, 0, 0, 0, 0], true],
    ['one of the session', [5, 0, 0, 0, 0], true],
    ['one that is not', [3, 0, 0, 0, 1], false],
    ['one that is not, by its first octet', [3, 1, 0, 0, 0], false],
    ['none, though nothing went wrong', [1, 0, 0, 0, 0], false],
  ])('say of %s what it is worth', (_name, value, verified) => {
    expect(headerOf(withTlvs(tlv(PROXY_TLV.SSL, value))).ssl?.verified).toBe(verified);
  });

  it.each([
    ['cut off', [1, 0, 0, 0]],
    ['a sub-TLV that is cut off', [1, 0, 0, 0, 0, PROXY_TLV.SSL_CN, 0, 2, 65]],
    ['two names', [1, 0, 0, 0, 0, ...tlv(PROXY_TLV.SSL_CN, [65]), ...tlv(PROXY_TLV.SSL_CN, [66])]],
  ])('refuse facts of TLS: %s', (_name, value) => {
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.SSL, value)))).toMatch(/SSL/);
  });

  it.each([PROXY_TLV.AUTHORITY, PROXY_TLV.UNIQUE_ID])('of type %i come once', (type) => {
    expect(wrongOf(withTlvs(tlv(type, [65]), tlv(type, [65])))).toMatch(/twice/);
  });

  it('may have a checksum, which is then checked', () => {
    expect(crc32c(bytesOf('123456789'))).toBe(0xe3069283);
    const bytes = formatProxyHeader({ version: 2, local: false, ...ENDS }, { checksum: true });
    expect(headerOf(bytes)).toEqual({ version: 2, local: false, ...ENDS, tlvs: [] });
    for (let at = 16; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(read(changed).type).toBe('invalid');
    }
    expect(wrongOf(withTlvs(tlv(PROXY_TLV.CRC32C, [1, 2, 3])))).toMatch(/checksum/);
  });
});

describe('formatProxyHeader', () => {
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

  it('writes version 1', () => {
    expect(text(formatProxyHeader({ version: 1, local: false, ...ENDS }))).toBe(
      'PROXY TCP4 192.0.2.1 192.0.2.25 50000 25\r\n',
    );
    const source = { address: '2001:db8::1', port: 1 };
    expect(text(formatProxyHeader({ version: 1, local: false, ...ENDS, source }))).toBe(
      'PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:ffff:c000:219 1 25\r\n',
    );
    expect(text(formatProxyHeader({ version: 1, local: true, ...ENDS }))).toBe('PROXY UNKNOWN\r\n');
    expect(text(formatProxyHeader({ version: 1, local: false, source }))).toBe('PROXY UNKNOWN\r\n');
  });

  it('writes version 2', () => {
    expect(formatProxyHeader({ version: 2, local: false, ...ENDS })).toEqual(block(0x21, 0x11, ...V4));
    expect(formatProxyHeader({ version: 2, local: true, ...ENDS }, { checksum: true })).toEqual(block(0x20, 0x00));
  });

  it('throws for what cannot be written', () => {
    const wrong = (change: object) => () => formatProxyHeader({ version: 2, local: false, ...ENDS, ...change });
    expect(wrong({ source: { address: 'x', port: 1 } })).toThrow(RangeError);
    for (const port of [-1, 1.5, 65_536, Number.NaN])
      expect(wrong({ source: { address: '::1', port } })).toThrow('port');
    expect(wrong({ tlvs: [{ type: 1, value: new Uint8Array(4096) }] })).toThrow('too long');
    expect(wrong({ version: 1, tlvs: [{ type: 1, value: new Uint8Array(1) }] })).toThrow('no TLVs');
  });
});

describe('for every header', () => {
  const ip = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((text) => canonicalIp(text) !== undefined),
  );
  const end = fc.record({ address: ip, port: fc.integer({ min: 0, max: 0xffff }) });
  const tlvs = fc.array(
    fc.record({ type: fc.integer({ min: 0xe0, max: 0xef }), value: fc.uint8Array({ maxLength: 40 }) }),
    { maxLength: 5 },
  );
  const canonical = ({ address, port }: { address: string; port: number }) => ({ address: canonicalIp(address), port });
  const fields = fc.oneof(
    fc.record({ version: fc.constant(1 as const), local: fc.constant(false), source: end, destination: end }),
    fc.record({ version: fc.constant(2 as const), local: fc.constant(false), source: end, destination: end, tlvs }),
    fc.record({ version: fc.constant(2 as const), local: fc.constant(true) }),
    fc.record({ version: fc.constantFrom(1 as const, 2 as const), local: fc.constant(false) }),
  );
  type Fields = Parameters<typeof formatProxyHeader>[0];

  it('what is written is read again, canonically', () => {
    fc.assert(
      fc.property(fields, fc.boolean(), (header: Fields, checksum) => {
        const found = headerOf(formatProxyHeader(header, { checksum: checksum && header.version === 2 }));
        expect(found).toEqual({
          version: header.version,
          local: header.local,
          source: header.source && canonical(header.source),
          destination: header.destination && canonical(header.destination),
          tlvs: header.tlvs ?? [],
        });
        const { source, destination } = found;
        for (const one of [source, destination]) if (one) expect(canonicalIp(one.address)).toBe(one.address);
      }),
    );
  });

  it('every split gives the same, the rest too', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 20 }), fc.option(fc.nat()), (header: Fields, behind, broken) => {
        const bytes = Uint8Array.of(...formatProxyHeader(header), ...behind);
        if (broken !== null) bytes[broken % bytes.length] = broken & 0xff;
        const whole = read(bytes);
        expect(read(...Array.from(bytes, (octet) => Uint8Array.of(octet)))).toEqual(whole);
        for (let at = 0; at <= bytes.length; at++) expect(read(bytes.slice(0, at), bytes.slice(at))).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('random octets never throw, alone or behind a good beginning', () => {
    const starts = [
      new Uint8Array(0),
      hex(SIGNATURE),
      hex(`${SIGNATURE}2111`),
      hex(`${SIGNATURE}21110020`),
      bytesOf('PROXY TCP6 '),
    ];
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'0127f:. \r\n'), maxLength: 110 }).map(bytesOf),
    );
    fc.assert(
      fc.property(fc.constantFrom(...starts), octets, (start, more) => {
        const result = read(start, more);
        expect(['more', 'invalid', 'done']).toContain(result.type);
        if (result.type !== 'done') return;
        for (const one of [result.header.source, result.header.destination]) {
          if (one) expect(canonicalIp(one.address)).toBe(one.address);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('takes nothing once it is over', () => {
    const reader = new ProxyHeaderReader();
    expect(reader.push(line('PROXY UNKNOWN')).type).toBe('done');
    expect(reader.push(line('PROXY UNKNOWN'))).toEqual({ type: 'invalid', reason: 'the header is over' });
    const other = new ProxyHeaderReader();
    expect(other.push(bytesOf('X')).type).toBe('invalid');
    expect(other.push(line('PROXY UNKNOWN')).type).toBe('invalid');
  });
});
