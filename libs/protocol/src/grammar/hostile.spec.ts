/** Attack A8: a megabyte of anything is read, or refused, in linear time. Quadratic time would be minutes here. */
import {
  decodeUtf8AddressXtext,
  decodeXtext,
  encodeXtext,
  isAscii,
  parseHost,
  parseMailFrom,
  parseMailbox,
  parseParameters,
  parseRcptTo,
  toAsciiDomain,
} from './index.js';

const MEGABYTE = 1 << 20;
// Not a measurement: only so that a machine that is busy with something else does not fail the test.
jest.setTimeout(60_000);

const PIECES = [
  'a a. @ " \\ < > [x: @a, :: - 0. +2B \\x{F6} xn--a. ü. 😀 ．'.split(' '),
  [' ', 'A=b ', '\0', '\u200c', '\u05d0', '\u0308', '\ud83d'],
].flat();

describe('attack A8', () => {
  it.each(PIECES)('a megabyte of %j', (piece) => {
    const body = piece.repeat(Math.ceil(MEGABYTE / piece.length));
    for (const path of [`<${body}`, `<"${body}"@b>`, `<@a:${body}>`, `<a@b> ${body}`]) {
      parseMailFrom(`FROM:${path}`);
      parseRcptTo(`TO:${path}`);
    }
    for (const address of [body, `"${body}"@b`, `a@${body}`, `[x:${body}]`]) {
      expect(parseMailbox(address)).toBeUndefined();
      expect(parseHost(address, { underscores: true })).toBeUndefined();
      expect(toAsciiDomain(address)).toBeUndefined();
    }
    for (const value of [body, `X=${body}`]) parseParameters(value);
    decodeXtext(body);
    decodeUtf8AddressXtext(body);
    encodeXtext(body);
    isAscii(body);
  });
});
