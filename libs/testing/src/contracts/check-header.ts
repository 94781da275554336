/** What must be true of header fields that a transform gives. For the contract suites. */

/** RFC 5322 2.1.1, without the CRLF. */
const LONGEST_LINE = 998;

/** Fails the test if the bytes are not complete header fields, each ended by CRLF. */
export function expectHeaderFields(bytes: Uint8Array, smtpUtf8: boolean): void {
  const text = Buffer.from(bytes).toString('latin1');
  expect(text).toMatch(/\r\n$/);
  for (const line of text.slice(0, -2).split('\r\n')) {
    expect(wrongWith(line)).toBeUndefined();
    expect(line.length).toBeLessThanOrEqual(LONGEST_LINE);
  }
  expect(isFieldStart(text)).toBe(true);
  // Control characters were looked for above.
  if (smtpUtf8) expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).not.toThrow();
  else expect(bytes.every((byte) => byte < 0x80)).toBe(true);
}

/** The names of the fields, in lower case and in order. */
export function fieldNames(bytes: Uint8Array): readonly string[] {
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r\n|\r|\n/);
  return lines.filter(isFieldStart).map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
}

function wrongWith(line: string): string | undefined {
  if (line.trim() === '') return 'an empty line ends the header section';
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return `a control character in ${JSON.stringify(line)}`;
  if (!isFieldStart(line) && !/^[ \t]/.test(line))
    return `neither a field nor its continuation: ${JSON.stringify(line)}`;
  return undefined;
}

/** RFC 5322 2.2: a name of printable ASCII without a colon, then the colon. */
function isFieldStart(line: string): boolean {
  return /^[\x21-\x39\x3b-\x7e]+:/.test(line);
}
