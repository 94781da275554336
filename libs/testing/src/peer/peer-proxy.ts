/** Reads a PROXY header, as far as a test wants to know it. Undefined if it is none. */
import type { PeerInput } from './peer-input.js';
import type { PeerProxy } from './peer-options.js';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const NOBODY = { source: undefined, sourcePort: undefined, destination: undefined, destinationPort: undefined };

export async function readPeerProxy(input: PeerInput): Promise<PeerProxy | undefined> {
  const first = await input.octets(1);
  if (first?.[0] === 0x50) return readText(await input.line());
  const rest = first?.[0] === SIGNATURE[0] ? await input.octets(15) : undefined;
  if (first === undefined || rest === undefined) return undefined;
  const head = Buffer.concat([first, rest]);
  if (!head.subarray(0, 12).equals(SIGNATURE)) return undefined;
  const body = await input.octets(head.readUInt16BE(14));
  if (body === undefined) return undefined;
  if (head[12] === 0x20) return { version: 2, ...NOBODY };
  return head[12] === 0x21 ? readBinary(head[13] ?? 0, body) : undefined;
}

function readText(line: Buffer | undefined): PeerProxy | undefined {
  const text = `P${line?.toString('latin1') ?? ''}`;
  if (text.startsWith('PROXY UNKNOWN')) return { version: 1, ...NOBODY };
  const found = /^PROXY TCP[46] (\S+) (\S+) (\d+) (\d+)\r\n$/.exec(text);
  if (found === null) return undefined;
  const [, source, destination, sourcePort, destinationPort] = found;
  return { version: 1, source, destination, sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
}

function readBinary(family: number, body: Buffer): PeerProxy | undefined {
  if (family === 0) return { version: 2, ...NOBODY };
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  if (size === 0 || body.length < size * 2 + 4) return undefined;
  return {
    version: 2,
    source: address(body.subarray(0, size)),
    destination: address(body.subarray(size, size * 2)),
    sourcePort: body.readUInt16BE(size * 2),
    destinationPort: body.readUInt16BE(size * 2 + 2),
  };
}

function address(octets: Buffer): string {
  if (octets.length === 4) return [...octets].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(i * 2).toString(16));
  return groups.join(':');
}
