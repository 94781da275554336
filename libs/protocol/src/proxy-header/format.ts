/** Writes a PROXY header: what a proxy or a relay says before anything else. */
import { octetsOfIp } from '../grammar/ip.js';
import { crc32c } from './crc32c.js';
import { FIXED, MAX_BLOCK, PROXY_TLV, SIGNATURE, type ProxyEndpoint, type ProxyHeader } from './types.js';

/** What is written of a header: `tlvs` as they are, and only in version 2. */
export type ProxyHeaderFields = Pick<ProxyHeader, 'version' | 'local' | 'source' | 'destination'> &
  Partial<Pick<ProxyHeader, 'tlvs'>>;

/** How to write version 2. */
export interface ProxyHeaderFormat {
  /** Adds a checksum (CRC32C) over all of it. */
  readonly checksum?: boolean;
}

const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/**
 * The octets of a header. Without both ends it is UNKNOWN or UNSPEC; version 1 has no LOCAL, and says UNKNOWN for it.
 * @throws RangeError for what is no address or port, or does not fit: that is our bug, not the peer's.
 */
export function formatProxyHeader(header: ProxyHeaderFields, { checksum = false }: ProxyHeaderFormat = {}): Uint8Array {
  const { version, local, source, destination, tlvs = [] } = header;
  const ends = local || source === undefined || destination === undefined ? undefined : sameFamily(source, destination);
  if (version === 1) {
    if (tlvs.length > 0 || checksum) throw new RangeError('version 1 of the PROXY protocol has no TLVs');
    return formatLine(ends);
  }
  return formatBlock(local, ends, local ? [] : tlvs, checksum && !local);
}

interface Ends {
  readonly v6: boolean;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly ports: readonly [number, number];
}

/** Both as IPv4, or both as IPv6: a header has one family, and a dual-stack proxy may have one end of each. */
function sameFamily(source: ProxyEndpoint, destination: ProxyEndpoint): Ends {
  const from = octetsOf(source);
  const to = octetsOf(destination);
  const v6 = from.length === 16 || to.length === 16;
  const widen = (octets: Uint8Array) => (v6 && octets.length === 4 ? Uint8Array.of(...MAPPED, ...octets) : octets);
  return { v6, from: widen(from), to: widen(to), ports: [source.port, destination.port] };
}

function octetsOf({ address, port }: ProxyEndpoint): Uint8Array {
  const octets = octetsOfIp(address);
  if (octets === undefined) throw new RangeError('no IP address');
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw new RangeError('no port');
  return octets;
}

function formatLine(ends: Ends | undefined): Uint8Array {
  if (ends === undefined) return ascii('PROXY UNKNOWN\r\n');
  const { v6, from, to, ports } = ends;
  return ascii(`PROXY ${v6 ? 'TCP6' : 'TCP4'} ${written(from)} ${written(to)} ${ports.join(' ')}\r\n`);
}

/** In full: it is short enough, and there is no compression to disagree about. */
function written(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16));
  return groups.join(':');
}

function formatBlock(local: boolean, ends: Ends | undefined, tlvs: ProxyHeader['tlvs'], checksum: boolean): Uint8Array {
  const block: number[] = [];
  if (ends !== undefined) block.push(...ends.from, ...ends.to, ...ends.ports.flatMap(twoOctets));
  // The checksum comes first, where it is at the same place whatever follows.
  const hole = FIXED + block.length + 3;
  if (checksum) block.push(PROXY_TLV.CRC32C, ...twoOctets(4), 0, 0, 0, 0);
  for (const { type, value } of tlvs) {
    if (block.length + 3 + value.length > MAX_BLOCK) throw new RangeError('a PROXY header that is too long');
    block.push(type, ...twoOctets(value.length), ...value);
  }
  const family = ends === undefined ? 0x00 : ends.v6 ? 0x21 : 0x11;
  const bytes = Uint8Array.of(...SIGNATURE, local ? 0x20 : 0x21, family, ...twoOctets(block.length), ...block);
  if (checksum) {
    const sum = crc32c(bytes);
    bytes.set([...twoOctets(sum >>> 16), ...twoOctets(sum & 0xffff)], hole);
  }
  return bytes;
}

function twoOctets(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
