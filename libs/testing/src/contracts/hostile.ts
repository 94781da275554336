/** What a hostile client may write where an argument or a value is expected (attacks A3, A6, A8, A10). For the contract suites. */
import fc from 'fast-check';

/** Texts that broke other servers, or try to. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\r\nRCPT TO:<b@example.org>',
  'a\nb',
  '\x7f\x80\x9f\u2028\u2029\ufeff',
  '\ud800',
  '\udc00x',
  '__proto__',
  'constructor=toString',
  '<>',
  '<',
  '>',
  'FROM:<a@example.org> __proto__=1 SIZE=1 SIZE=2',
  'TO:<"\\"@example.org>',
  'TO:<@a,@b:c@example.org>',
  'FROM:<a@[IPv6:::::]>',
  '18446744073709551616',
  '99999999999999999999999999999999999999999 LAST',
  '-1',
  '+5 LAST',
  '0x10',
  '1e3',
  '٣',
  '5 LAST LAST',
  '5\tLAST',
  'rfc822;+0D+0A+00',
  'utf-8;\\x{0D}\\x{A}\\x{110000}\\x{D800}',
  'utf-8;\\x{',
  `"${'\\'.repeat(5000)}`,
  'a'.repeat(20_000),
  ' '.repeat(20_000),
  '('.repeat(10_000),
  ','.repeat(10_000),
  `FROM:<${'a.'.repeat(5000)}@example.org>`,
];

/** Any text, biased towards the ones that mean something to SMTP. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'<>@:;,="\\[]+. \r\n\0\tAa0é\u202e'), maxLength: 80 }),
  fc
    .tuple(fc.constantFrom('FROM:', 'TO:', 'from:', ''), fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }))
    .map(([keyword, path, rest]) => `${keyword}<${path}>${rest}`),
);

/** True if the text has a character that would change the meaning of a line: C0, DEL, C1, a line separator of Unicode. */
export function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text);
}

// What becomes these letters in upper case, or looks like nothing where a space stands, without being ASCII.
const LOOKALIKES: readonly (readonly [plain: RegExp, other: string])[] = [
  [/i/i, '\u0131'],
  [/st/i, '\ufb06'],
  [/s/i, '\u017f'],
  [/ss/i, '\u00df'],
  [/fi/i, '\ufb01'],
  [/$/, '\u00a0'],
  [/$/, '\ufeff'],
];

/** The text with one of its ASCII letters replaced by another that becomes it in upper case, or with a blank behind it. */
export function lookalikesOf(text: string): readonly string[] {
  return LOOKALIKES.map(([plain, other]) => text.replace(plain, other)).filter((other) => other !== text);
}
