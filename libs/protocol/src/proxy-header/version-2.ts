/** Version 2: binary, with a length, and with types, lengths and values (TLVs) behind the addresses. */
import { ipOfOctets } from '../grammar/ip.js';
import { crc32c } from './crc32c.js';
import { cleanUtf8, uint16, uint32 } from './octets.js';
import {
  FIXED,
  MAX_BLOCK,
  MAX_UNIQUE_ID,
  PROXY_TLV,
  UNIX_ADDRESSES,
  type Parsed,
  type ProxyEndpoint,
  type ProxySsl,
  type ProxyTlv,
} from './types.js';

const LOCAL = 0x20;
const PROXY = 0x21;

/** Octets of the addresses by family and transport. Streams only: SMTP knows no datagrams. */
const ADDRESSES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, UNIX_ADDRESSES],
]);

/** What is wrong with the fixed part, which has come whole; undefined if nothing. */
export function wrongInFixed(bytes: Uint8Array): string | undefined {
  const command = bytes[12];
  if (command !== LOCAL && command !== PROXY) return 'version 2: another version or command';
  const length = uint16(bytes, 14);
  if (length > MAX_BLOCK) return 'version 2: too long';
  // LOCAL: family and addresses are to be ignored, whatever they say.
  if (command === LOCAL) return undefined;
  const addresses = ADDRESSES.get(bytes[13] ?? 0);
  if (addresses === undefined)
    return 'version 2: another family or transport than streams of IPv4, IPv6 or unix sockets';
  return length < addresses ? 'version 2: shorter than its addresses' : undefined;
}

/** Reads a whole header whose fixed part is right. */
export function parseBlock(bytes: Uint8Array): Parsed {
  if (bytes[12] === LOCAL) return { version: 2, local: true, tlvs: [] };
  const addresses = ADDRESSES.get(bytes[13] ?? 0) ?? 0;
  const found = readTlvs(bytes, FIXED + addresses);
  if (typeof found === 'string') return found;
  const header = { version: 2, local: false, ...found } as const;
  const size = addresses === 12 ? 4 : addresses === 36 ? 16 : 0;
  if (size === 0) return header;
  return { ...header, source: endpointOf(bytes, size, 0), destination: endpointOf(bytes, size, 1) };
}

function endpointOf(bytes: Uint8Array, size: number, index: 0 | 1): ProxyEndpoint {
  const at = FIXED + index * size;
  return { address: ipOfOctets(bytes.subarray(at, at + size)), port: uint16(bytes, FIXED + 2 * size + 2 * index) };
}

interface Extras {
  readonly tlvs: readonly ProxyTlv[];
  authority?: string;
  uniqueId?: Uint8Array;
  ssl?: ProxySsl;
}

/** Whatever has a meaning here may come once: two names would leave it to the reader which one is true. */
function readTlvs(bytes: Uint8Array, start: number): Extras | string {
  const split = splitTlvs(bytes, start);
  if (split === undefined) return 'version 2: a TLV that is cut off';
  const tlvs: ProxyTlv[] = [];
  const extras: Extras = { tlvs };
  const seen = new Set<number>();
  for (const { type, from, to } of split) {
    if (type === PROXY_TLV.NOOP) continue;
    const once =
      type === PROXY_TLV.CRC32C ||
      type === PROXY_TLV.AUTHORITY ||
      type === PROXY_TLV.UNIQUE_ID ||
      type === PROXY_TLV.SSL;
    if (once && seen.has(type)) return 'version 2: a TLV that came twice';
    seen.add(type);
    if (type === PROXY_TLV.CRC32C) {
      if (to - from !== 4 || uint32(bytes, from) !== crc32c(bytes, from)) return 'version 2: a wrong checksum';
      continue;
    }
    // A copy: the header outlives the memory that it was read into.
    const value = bytes.slice(from, to);
    tlvs.push({ type, value });
    const wrong = understand(extras, type, value);
    if (wrong !== undefined) return wrong;
  }
  return extras;
}

function understand(extras: Extras, type: number, value: Uint8Array): string | undefined {
  switch (type) {
    case PROXY_TLV.AUTHORITY:
      extras.authority = cleanUtf8(value);
      return extras.authority === undefined ? 'version 2: an authority that is no text' : undefined;
    case PROXY_TLV.UNIQUE_ID:
      extras.uniqueId = value;
      return value.length > MAX_UNIQUE_ID ? 'version 2: a unique id that is too long' : undefined;
    case PROXY_TLV.SSL:
      extras.ssl = readSsl(value);
      return extras.ssl === undefined ? 'version 2: SSL facts that cannot be read' : undefined;
    default:
      return undefined;
  }
}

/** `client` (flags), `verify` (zero is good), then TLVs again. */
function readSsl(value: Uint8Array): ProxySsl | undefined {
  if (value.length < 5) return undefined;
  const split = splitTlvs(value, 5);
  if (split === undefined) return undefined;
  const texts = new Map<number, string>();
  for (const { type, from, to } of split) {
    if (type !== PROXY_TLV.SSL_VERSION && type !== PROXY_TLV.SSL_CN && type !== PROXY_TLV.SSL_CIPHER) continue;
    const text = cleanUtf8(value.subarray(from, to));
    if (text === undefined || texts.has(type)) return undefined;
    texts.set(type, text);
  }
  const client = value[0] ?? 0;
  const certificateInConnection = (client & 2) !== 0;
  const certificateInSession = (client & 4) !== 0;
  return {
    tls: (client & 1) !== 0,
    certificateInConnection,
    certificateInSession,
    // `verify` is zero too where there was nothing to verify.
    verified: (certificateInConnection || certificateInSession) && uint32(value, 1) === 0,
    version: texts.get(PROXY_TLV.SSL_VERSION),
    commonName: texts.get(PROXY_TLV.SSL_CN),
    cipher: texts.get(PROXY_TLV.SSL_CIPHER),
  };
}

interface Span {
  readonly type: number;
  readonly from: number;
  readonly to: number;
}

/** Where the TLVs from `start` to the end are; undefined if the last is cut off. */
function splitTlvs(bytes: Uint8Array, start: number): readonly Span[] | undefined {
  const spans: Span[] = [];
  let at = start;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return undefined;
    const from = at + 3;
    const to = from + uint16(bytes, at + 1);
    if (to > bytes.length) return undefined;
    spans.push({ type: bytes[at] ?? 0, from, to });
    at = to;
  }
  return spans;
}
