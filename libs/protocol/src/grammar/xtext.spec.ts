import { decodeUtf8AddressXtext, decodeXtext, encodeXtext } from './xtext.js';

describe('decodeXtext (RFC 3461 4)', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a+2Bb', 'a+b'],
    ['+2B', '+'],
    ['+3D+3D', '=='],
    ['a+20b', 'a b'],
    ['+41', 'A'],
    ['+30+39+3A+4F', '09:O'],
    ['+7E', '~'],
    ['+2B2B', '+2B'],
    ['rfc822;"a+20b"@c', 'rfc822;"a b"@c'],
    ['!"#$%&\'()*,-./:;<>?@[\\]^_`{|}~', '!"#$%&\'()*,-./:;<>?@[\\]^_`{|}~'],
  ])('%j is %j', (text, value) => {
    expect(decodeXtext(text)).toBe(value);
  });

  it.each([
    '+',
    '+2',
    'a+',
    'a+4',
    '+2b',
    '+G0',
    '+0G',
    '+ 1',
    '++2B',
    '+-1',
    '+1.',
    '=',
    'a=b',
    'a b',
    'a\tb',
    'a\0b',
    'a\x7fb',
    'é',
    '\ud800',
    // What is decoded has no controls either (attack A6).
    '+00',
    '+0D+0A',
    'a+0AInjected:+20x',
    '+09',
    '+1F',
    '+7F',
    '+80',
    '+C3+A9',
    '+FF',
  ])('refuses %j', (text) => {
    expect(decodeXtext(text)).toBeUndefined();
  });
});

describe('encodeXtext', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a+b=c d', 'a+2Bb+3Dc+20d'],
    ['a@b<c>', 'a@b<c>'],
    ['\r\n\0\t', '+0D+0A+00+09'],
    ['\x0f\x10', '+0F+10'],
    ['\x7f', '+7F'],
    ['é', '+C3+A9'],
    ['€', '+E2+82+AC'],
    ['😀', '+F0+9F+98+80'],
    ['\x80\u07ff', '+C2+80+DF+BF'],
    ['\u0800\uffff', '+E0+A0+80+EF+BF+BF'],
    ['\ud7ff\ue000', '+ED+9F+BF+EE+80+80'],
    ['\u{10000}\u{10ffff}', '+F0+90+80+80+F4+8F+BF+BF'],
    ['\udfff', '+EF+BF+BD'],
    ['\ud800a', '+EF+BF+BDa'],
    ['a\udc00', 'a+EF+BF+BD'],
  ])('%j is %j', (text, encoded) => {
    expect(encodeXtext(text)).toBe(encoded);
  });
});

describe('decodeUtf8AddressXtext (RFC 6533 3)', () => {
  it.each([
    ['a@b', 'a@b'],
    ['jörg@b', 'jörg@b'],
    ['😀@b', '😀@b'],
    ['j\\x{F6}rg@b', 'jörg@b'],
    ['j\\x{f6}rg@b', 'jörg@b'],
    ['\\x{A0}', '\u00a0'],
    ['\\x{20AC}@b', '€@b'],
    ['\\x{1F600}@b', '😀@b'],
    ['\\x{10FFFF}@b', '\u{10ffff}@b'],
    ['a\\x{2B}b\\x{3D}c@b', 'a+b=c@b'],
    ['"a\\x{20}\\x{5C}\\x{5C}"@b', '"a \\\\"@b'],
    ['\\x{F6}\\x{F6}', 'öö'],
  ])('%j is %j', (text, value) => {
    expect(decodeUtf8AddressXtext(text)).toBe(value);
  });

  it.each([
    '',
    'a b',
    'a+b',
    'a+2Bb',
    'a=b',
    'a\0b',
    'a\r\nb',
    'a\u0085b',
    'a\u2028b',
    '\ud800',
    '\\',
    'a\\b',
    '\\x',
    '\\x{',
    '\\x{}',
    '\\x{F',
    '\\x{F6',
    '\\x{F}',
    '\\x{F6]',
    '\\x{ F6}',
    '\\x{-F6}',
    '\\X{F6}',
    '\\u{F6}',
    '\\xF6',
    '\\x{G6}',
    // Leading zeros, and what may stand for itself: an address would have two encodings.
    '\\x{00F6}',
    '\\x{0F6}',
    '\\x{41}',
    '\\x{40}',
    // Controls, surrogates, and what is no character (attack A6).
    '\\x{00}',
    '\\x{0A}',
    '\\x{0D}',
    '\\x{10}',
    '\\x{1F}',
    '\\x{7F}',
    '\\x{80}',
    '\\x{85}',
    '\\x{9F}',
    '\\x{2028}',
    '\\x{D800}',
    '\\x{DFFF}',
    '\\x{D83D}\\x{DE00}',
    '\\x{FFFD}',
    '\\x{110000}',
    '\\x{FFFFFF}',
    '\\x{1000000}',
  ])('refuses %j', (text) => {
    expect(decodeUtf8AddressXtext(text)).toBeUndefined();
  });
});
