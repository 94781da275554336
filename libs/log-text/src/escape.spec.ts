import fc from 'fast-check';
import { escapeColumn, escapeJson, escapeText, hasUnsafe } from './escape.js';

const HOSTILE = 'a\r\nb\x1b[31m\0\x7f\x9b1m\u2028\u2029\u202e\u2066\u200f\tend';

describe('escapeText', () => {
  it('gives harmless text back as it is', () => {
    expect(escapeText('250 2.0.0 Ok: größe <ä@b> "x"')).toBe('250 2.0.0 Ok: größe <ä@b> "x"');
  });

  it('escapes what ends lines, drives terminals or turns the direction (attack A6)', () => {
    expect(escapeText(HOSTILE)).toBe('a\\r\\nb\\x1b[31m\\x00\\x7f\\x9b1m\\u2028\\u2029\\u202e\\u2066\\u200f\\tend');
  });

  it('doubles a backslash, so that an escape cannot be sent ready-made', () => {
    expect(escapeText('a\\n')).toBe('a\\\\n');
    expect(escapeText('a\n')).toBe('a\\n');
  });

  it('leaves nothing unsafe in any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !hasUnsafe(escapeText(text))));
  });

  it('tells different texts apart', () => {
    const text = fc.string({ unit: fc.constantFrom('\\', 'n', '\n', 'x', '1', 'b', '\x1b') });
    fc.assert(fc.property(text, text, (a, b) => (a === b) === (escapeText(a) === escapeText(b))));
  });
});

describe('escapeColumn', () => {
  it('escapes the separators too', () => {
    expect(escapeColumn('"a|b\n"@x', '|')).toBe('"a\\x7cb\\n"@x');
    expect(escapeColumn('"a|b,c"@x', '|,')).toBe('"a\\x7cb\\x2cc"@x');
  });
});

describe('escapeJson', () => {
  it('escapes what JSON does not, and keeps the meaning', () => {
    const json = escapeJson(JSON.stringify({ text: HOSTILE }));
    expect(hasUnsafe(json)).toBe(false);
    expect(JSON.parse(json)).toEqual({ text: HOSTILE });
  });
});
