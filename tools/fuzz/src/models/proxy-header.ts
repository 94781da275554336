/** HAProxy's proxy-protocol.txt, slowly and obviously: regular expressions for version 1, offsets for version 2. */
import { canonicalAddress, isAddress } from './ip.js';

/** What a header says, as far as it is compared. */
export interface ModelHeader {
  /** Octets of the header. */
  readonly used: number;
  readonly version: 1 | 2;
  readonly local: boolean;
  /** `192.0.2.1 40000 192.0.2.25 25`, or nothing. */
  readonly ends: string | undefined;
  /** Types of the TLVs that are told. */
  readonly tlvs: readonly number[];
}

const LINE = /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP4|TCP6) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))\r\n/;
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

/** The header, `more` if there may be one when more has come, or `invalid`. Text is latin1. TLVs are taken apart, and not understood. */
export function proxyHeaderOf(text: string): ModelHeader | 'more' | 'invalid' {
  return text.startsWith('P') ? ofVersion1(text) : ofVersion2(text);
}

function ofVersion1(text: string): ModelHeader | 'more' | 'invalid' {
  const line = LINE.exec(text.slice(0, 107));
  if (line === null) return couldBeLine(text) ? 'more' : 'invalid';
  const [whole, family, from = '', to = '', fromPort = '', toPort = ''] = line;
  const told = { used: whole.length, version: 1, local: false, tlvs: [] } as const;
  if (family === undefined) return { ...told, ends: undefined };
  const right = [from, to].every((address) => isAddress(address) && address.includes(':') === (family === 'TCP6'));
  if (!right || Number(fromPort) > 65535 || Number(toPort) > 65535) return 'invalid';
  return { ...told, ends: [canonicalAddress(from), fromPort, canonicalAddress(to), toPort].join(' ') };
}

/** True if what there is of a line is right so far: `PROXY `, printable, perhaps the CR. */
function couldBeLine(text: string): boolean {
  if (text.length < 6) return 'PROXY '.startsWith(text);
  return text.startsWith('PROXY ') && text.length < 107 && /^[\x20-\x7e]*\r?$/.test(text);
}

function ofVersion2(text: string): ModelHeader | 'more' | 'invalid' {
  if (text.length < SIGNATURE.length) return SIGNATURE.startsWith(text) ? 'more' : 'invalid';
  if (!text.startsWith(SIGNATURE)) return 'invalid';
  if (text.length < 16) return 'more';
  const at = (index: number) => text.charCodeAt(index);
  const length = at(14) * 256 + at(15);
  const command = at(12);
  if ((command !== 0x20 && command !== 0x21) || length > 4096) return 'invalid';
  const local = command === 0x20;
  const size = new Map([
    [0x00, 0],
    [0x11, 12],
    [0x21, 36],
    [0x31, 216],
  ]).get(at(13));
  if (!local && (size === undefined || length < size)) return 'invalid';
  const used = 16 + length;
  if (text.length < used) return 'more';
  if (local || size === undefined) return { used, version: 2, local, ends: undefined, tlvs: [] };
  const tlvs: number[] = [];
  for (let i = 16 + size; i < used;) {
    const next = i + 3 + at(i + 1) * 256 + at(i + 2);
    if (i + 3 > used || next > used) return 'invalid';
    // Padding and the checksum are not told.
    if (at(i) !== 4 && at(i) !== 3) tlvs.push(at(i));
    i = next;
  }
  return { used, version: 2, local, ends: endsOf(text, size), tlvs };
}

function endsOf(text: string, size: number): string | undefined {
  if (size !== 12 && size !== 36) return undefined;
  const octets = size === 12 ? 4 : 16;
  const address = (from: number) => {
    const codes = Array.from(text.slice(from, from + octets), (character) => character.charCodeAt(0));
    if (octets === 4) return codes.join('.');
    const groups = codes.flatMap((code, i) => (i % 2 === 0 ? [(code * 256 + (codes[i + 1] ?? 0)).toString(16)] : []));
    return canonicalAddress(groups.join(':'));
  };
  const port = (from: number) => text.charCodeAt(from) * 256 + text.charCodeAt(from + 1);
  return [address(16), port(16 + 2 * octets), address(16 + octets), port(18 + 2 * octets)].join(' ');
}
