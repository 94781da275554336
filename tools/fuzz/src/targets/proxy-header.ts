/** The PROXY header of a trusted peer, versions 1 and 2 (attacks A6, A13, A16). */
import { ProxyHeaderReader, canonicalIp, formatProxyHeader, parsePort, type ProxyHeader } from '@mailverb/protocol';
import { Random, hash32 } from '../engine/random.js';
import { holds, magnitude, same, textOf, type Target } from '../engine/target.js';
import { FORBIDDEN, isPlain } from '../models/addresses.js';
import { canonicalAddress, isAddress } from '../models/ip.js';
import { proxyHeaderOf } from '../models/proxy-header.js';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const V4 = '\xc0\0\x02\x01\xc0\0\x02\x19\xc3\x50\0\x19';

/** Octets after which it must be clear whether there is a header. */
const ENOUGH = 16 + 4096;

interface Read {
  readonly result: 'more' | 'invalid' | 'done';
  readonly header: ProxyHeader | undefined;
  readonly used: number | undefined;
}

export const proxyHeaderTarget: Target = {
  name: 'proxy-header',
  holds:
    'the same header at every split, as a slow reader finds it; no octet of the client is lost or taken for the header; bounded; told again it is the same',
  tokens: [
    SIGNATURE,
    `${SIGNATURE}\x21\x11\0\x0c${V4}`,
    `${SIGNATURE}\x20\0\0\0`,
    '\x21\x21\0\x24',
    'PROXY TCP4 192.0.2.1 192.0.2.25 50000 25\r\n',
    'PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n',
    'PROXY UNKNOWN',
    '\x02\0\x0bexample.org',
    '\x04\0\x03\0\0\0',
    '\x05\0\x04abcd',
    '\x20\0\x05\x01\0\0\0\0',
    '\x20\0\x0f\x07\0\0\0\0\x21\0\x07TLSv1.3',
  ],
  maxLength: 6000,
  check(input) {
    const random = new Random(hash32(input));
    const whole = read([input]);
    for (const length of [() => 1, () => random.length(20)]) {
      const split = read(pieces(input, length));
      same('result, by split', split.result, whole.result);
      same('octets used, by split', split.used, whole.used);
      same('header, by split', told(split.header), told(whole.header));
    }
    const text = Buffer.from(input).toString('latin1');
    const expected = proxyHeaderOf(text);
    if (whole.header === undefined) {
      // What the slow reader takes apart may still make no sense: a checksum, texts within TLVs, what came twice.
      if (typeof expected === 'string' || expected.version === 1) same('result', whole.result, expected);
      holds(whole.result !== 'more' || input.length < ENOUGH, 'waits for more than there may be', input.length);
      return `${whole.result}${magnitude(input.length)}${text.startsWith('P')}`;
    }
    const { header } = whole;
    const { source, destination } = header;
    const ends =
      source === undefined || destination === undefined
        ? undefined
        : [source.address, source.port, destination.address, destination.port].join(' ');
    const tlvs = header.tlvs.map(({ type }) => type);
    same('header', { used: whole.used, version: header.version, local: header.local, ends, tlvs }, expected);
    soundHeader(header);
    const extras = [header.authority, header.uniqueId?.length, header.ssl].map((extra) => extra !== undefined);
    return `${header.version}${header.local}${ends !== undefined}${tlvs.join()}${extras.join()}`;
  },
  parse(input) {
    read([input]);
    read(pieces(input, () => 1));
    const header = `${SIGNATURE}\x21\x11`;
    read([Buffer.concat([Buffer.from(`${header}\x0f\xff${V4}`, 'latin1'), input])]);
  },
};

function read(chunks: Iterable<Uint8Array>): Read {
  const reader = new ProxyHeaderReader();
  let before = 0;
  for (const chunk of chunks) {
    const found = reader.push(chunk);
    if (found.type === 'done') {
      const { header, rest } = found;
      holds(rest.length <= chunk.length, 'a rest that did not come');
      same('after the end', reader.push(Buffer.from('x')).type, 'invalid');
      return { result: 'done', header, used: before + chunk.length - rest.length };
    }
    if (found.type === 'invalid') {
      holds(/^[\x20-\x7e]+$/.test(found.reason), 'a reason with something of what was sent', found.reason);
      return { result: 'invalid', header: undefined, used: undefined };
    }
    before += chunk.length;
  }
  return { result: 'more', header: undefined, used: undefined };
}

function soundHeader(header: ProxyHeader): void {
  const { source, destination, authority, ssl, uniqueId, tlvs } = header;
  for (const end of [source, destination]) {
    if (end === undefined) continue;
    same('an address in one form', canonicalIp(end.address), end.address);
    holds(Number.isInteger(end.port) && end.port >= 0 && end.port <= 65535, 'a port that is none', end.port);
  }
  for (const text of [authority, ssl?.version, ssl?.commonName, ssl?.cipher]) {
    if (text !== undefined) holds(!FORBIDDEN.test(text), 'a text with a control character', text);
  }
  holds((uniqueId?.length ?? 0) <= 128, 'a unique id that is too long');
  if (header.version === 1) holds(tlvs.length === 0, 'TLVs in version 1');
  const checksum = header.version === 2;
  const again = read([formatProxyHeader(header, { checksum })]);
  same('told again', told(again.header), told(header));
}

function told(header: ProxyHeader | undefined): unknown {
  if (header === undefined) return undefined;
  const { tlvs, uniqueId, ...rest } = header;
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { ...rest, uniqueId: uniqueId && hex(uniqueId), tlvs: tlvs.map(({ type, value }) => [type, hex(value)]) };
}

function* pieces(input: Uint8Array, length: () => number): Generator<Uint8Array> {
  for (let at = 0; at < input.length;) {
    const size = length();
    yield Uint8Array.from(input.subarray(at, at + size));
    at += size;
  }
}

/** Addresses and ports alone. */
export const ipTarget: Target = {
  name: 'ip',
  holds: 'exactly the addresses of RFC 5321 4.1.3 are taken, and each has one text, which is its own',
  tokens: [
    '192.0.2.1',
    '::',
    ':',
    '::ffff:',
    '2001:db8',
    ':0',
    ':0:0',
    '%eth0',
    '.0',
    '255',
    '256',
    'FFFF',
    '65535',
    '65536',
  ],
  maxLength: 60,
  check(input) {
    const text = textOf(input);
    const address = canonicalIp(text);
    same('address', address, isPlain(text) && isAddress(text) ? canonicalAddress(text) : undefined);
    if (address !== undefined) same('its own form', canonicalIp(address), address);
    const port = parsePort(text);
    same('port', port, /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) < 65536 ? Number(text) : undefined);
    return `${address?.replaceAll(/[0-9a-f]+/g, '0')}${magnitude(port ?? 0)}`;
  },
  parse(input) {
    canonicalIp(textOf(input));
    parsePort(textOf(input));
  },
};
