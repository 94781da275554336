/** Version 1: `PROXY TCP4 192.0.2.1 192.0.2.25 50000 25`. One form each: single spaces, nothing before and nothing behind. */
import { canonicalIp } from '../grammar/ip.js';
import { parsePort } from '../grammar/port.js';
import { CR, isPrintable } from './octets.js';
import { MAX_LINE, type Parsed, type ProxyEndpoint } from './types.js';

/** What is wrong with the octet at `at` of a line that is not whole; undefined if nothing. */
export function wrongInLine(bytes: Uint8Array, at: number): string | undefined {
  const octet = bytes[at] ?? 0;
  const previous = bytes[at - 1] ?? 0;
  const ok = previous === CR ? octet === 0x0a : octet === CR || isPrintable(octet);
  if (!ok) return 'version 1: an octet that the line may not have';
  return at === MAX_LINE - 1 && octet !== 0x0a ? 'version 1: the line is too long' : undefined;
}

/** Reads a whole line, without its CRLF. */
export function parseLine(line: string): Parsed {
  // The sender may write anything behind UNKNOWN, and the receiver must pay no regard to it.
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { version: 1, local: false, tlvs: [] };
  const [, family, from = '', to = '', fromPort = '', toPort = '', more] = line.split(' ');
  if (more !== undefined) return 'version 1: too many words';
  if (family !== 'TCP4' && family !== 'TCP6') return 'version 1: neither TCP4, TCP6 nor UNKNOWN';
  const source = endpointOf(family, from, fromPort);
  const destination = endpointOf(family, to, toPort);
  if (source === undefined || destination === undefined) return 'version 1: no address and port';
  return { version: 1, local: false, source, destination, tlvs: [] };
}

function endpointOf(family: 'TCP4' | 'TCP6', text: string, digits: string): ProxyEndpoint | undefined {
  const address = text.includes(':') === (family === 'TCP6') ? canonicalIp(text) : undefined;
  const port = parsePort(digits);
  return address === undefined || port === undefined ? undefined : { address, port };
}
