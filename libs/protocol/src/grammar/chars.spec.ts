import fc from 'fast-check';
import { classOf, isAscii, isLonger, isWellFormed, wideUnits } from './chars.js';

describe('classOf', () => {
  it('has no class for what is not ASCII, nor for what is behind the end of a text', () => {
    expect([classOf(128), classOf(0x2f41), classOf(0xffff), classOf(''.charCodeAt(0))]).toEqual([0, 0, 0, 0]);
    expect(classOf(0x41)).not.toBe(0);
  });

  it('has none for a control character', () => {
    for (let code = 0; code < 0x20; code++) expect(classOf(code)).toBe(0);
    expect(classOf(0x7f)).toBe(0);
  });
});

describe('isAscii', () => {
  it.each([
    ['', true],
    ['plain', true],
    ['\0\x7f', true],
    ['\x80', false],
    ['aé', false],
    ['éa', false],
    ['\ud800', false],
  ])('%j: %s', (text, expected) => {
    expect(isAscii(text)).toBe(expected);
  });
});

describe('wideUnits', () => {
  it.each([
    [0x80, 0],
    [0x85, 0],
    [0x9f, 0],
    [0xa0, 1],
    [0x7ff, 1],
    [0x2027, 1],
    [0x2028, 0],
    [0x2029, 0],
    [0x202a, 1],
    [0xd7ff, 1],
    [0xe000, 1],
    [0xfffc, 1],
    [0xfffd, 0],
    [0xffff, 0],
    [0x10000, 2],
    [0x10ffff, 2],
  ])('U+%i: %i', (point, units) => {
    expect(wideUnits(`a${String.fromCodePoint(point)}b`, 1)).toBe(units);
  });

  it.each([
    ['\ud800', 0],
    ['\ud800a', 0],
    ['\ud800\ud800', 0],
    ['\ud800\udbff', 0],
    ['\ud800\ue000', 0],
    ['\udbff\udfff', 2],
    ['\udc00', 0],
    ['\udc00\ud800', 0],
    ['\udfff\udc00', 0],
  ])('%j: %i', (text, units) => {
    expect(wideUnits(text, 0)).toBe(units);
  });
});

describe('isWellFormed', () => {
  it.each([
    ['', true],
    ['a\0', true],
    ['é😀例', true],
    ['é\x80', false],
    ['😀\ud83d', false],
    ['\ude00😀', false],
    ['a\u2028', false],
  ])('%j: %s', (text, expected) => {
    expect(isWellFormed(text)).toBe(expected);
  });
});

describe('isLonger', () => {
  it('counts as UTF-8 does', () => {
    const character = fc.constantFrom(
      'a',
      '\x7f',
      '\x80',
      '\u07ff',
      '\u0800',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
    );
    const text = fc.array(character, { maxLength: 20 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: -2, max: 2 }), (value, off) => {
        const octets = new TextEncoder().encode(value).length;
        expect(isLonger(`ü${value}ü`, 1, value.length + 1, octets + off)).toBe(off < 0);
      }),
      { numRuns: 1000 },
    );
  });
});
