import { Reply } from '../reply.js';
import { parseParameters } from './parameters.js';

function refusal(text: string): string | undefined {
  const result = parseParameters(text);
  return result instanceof Reply ? result.toString() : undefined;
}

describe('parseParameters (RFC 5321 4.1.2)', () => {
  it.each([
    ['', []],
    ['   ', []],
    ['SMTPUTF8', [['SMTPUTF8', undefined]]],
    ['size=100', [['SIZE', '100']]],
    ['SIZE=1 BODY=8BITMIME', [['SIZE', '1'], ['BODY', '8BITMIME']]], // prettier-ignore
    ['  SIZE=1   X-y=Z  ', [['SIZE', '1'], ['X-Y', 'Z']]], // prettier-ignore
    ['AUTH=<>', [['AUTH', '<>']]],
    ['ORCPT=rfc822;a+2Bb@c', [['ORCPT', 'rfc822;a+2Bb@c']]],
    ['ORCPT=utf-8;jörg😀@c', [['ORCPT', 'utf-8;jörg😀@c']]],
    ['8X', [['8X', undefined]]],
    ['A-', [['A-', undefined]]],
    ['V=!"#$%&\'()*+,-./:;<>?@[\\]^_`{|}~', [['V', '!"#$%&\'()*+,-./:;<>?@[\\]^_`{|}~']]],
    // A value among values, never a key of a plain object (attack A10).
    ['constructor=1', [['CONSTRUCTOR', '1']]],
  ])('%j', (text, expected) => {
    expect(parseParameters(text)).toEqual(expected.map(([keyword, value]) => ({ keyword, value })));
  });

  it.each([
    '=',
    '=1',
    'A=',
    'A= B',
    'A=b=c',
    'A==',
    '-A',
    'A_B',
    '__proto__=1',
    'É=1',
    'Aé',
    'A,B',
    'A\tB',
    '\tA',
    'A=1\tB=2',
    'A=\0',
    'A=1\0',
    'A\0',
    '\0',
    'A=1\r\nRCPT',
    'A=\x7f',
    'A=\u0085',
    'A=x\u2028',
    'A=x\ud800',
    'A=\ude00x',
    'A=\ufffd',
    '<a@b>',
    'ſIZE=1',
  ])('refuses %j', (text) => {
    expect(refusal(text)).toBe('501 5.5.4 bad parameter syntax');
  });

  it.each(['SIZE=1 SIZE=1', 'SIZE=1 size=2', 'X X=1', 'A B C a'])('refuses %s, given twice', (text) => {
    expect(refusal(text)).toBe('501 5.5.4 a parameter was given twice');
  });

  it('reads 32 parameters and no more', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `K${i}=v`).join(' ');
    expect(parseParameters(many(32))).toHaveLength(32);
    expect(refusal(many(33))).toBe('501 5.5.4 too many parameters');
  });
});
