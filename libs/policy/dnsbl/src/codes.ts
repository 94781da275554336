/** What lists answer: addresses in 127.0.0.0/8 that mean something (RFC 5782 2.1), written as patterns such as `127.0.0.4-7`. */

/** From and to, for each of four octets. */
export type CodePattern = readonly (readonly [from: number, to: number])[];

/** Reads `127.0.0.2`, `127.0.0.4-7`, `127.0.*.3`; undefined for anything else, and for what no list can mean. */
export function parseCodePattern(text: string): CodePattern | undefined {
  const parts = text.split('.', 5);
  if (parts.length !== 4 || parts[0] !== '127') return undefined;
  const pattern: (readonly [number, number])[] = [];
  for (const part of parts) {
    const range = part === '*' ? ([0, 255] as const) : readRange(part);
    if (range === undefined) return undefined;
    pattern.push(range);
  }
  return pattern;
}

/** True if the address, which the resolver has read from an A record, is one that the pattern means. */
export function matchesCode(pattern: CodePattern, address: string): boolean {
  const octets = address.split('.', 4).map(Number);
  return pattern.every(([from, to], i) => {
    const octet = octets[i] ?? -1;
    return octet >= from && octet <= to;
  });
}

function readRange(part: string): readonly [number, number] | undefined {
  const [first = '', last = first, more] = part.split('-', 3);
  const from = readOctet(first);
  const to = readOctet(last);
  return more !== undefined || from === undefined || to === undefined || from > to ? undefined : [from, to];
}

function readOctet(digits: string): number | undefined {
  if (digits.length === 0 || digits.length > 3 || (digits.length > 1 && digits.startsWith('0'))) return undefined;
  let octet = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    octet = octet * 10 + digit;
  }
  return octet <= 255 ? octet : undefined;
}
