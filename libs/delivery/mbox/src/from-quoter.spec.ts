import fc from 'fast-check';
import { FromQuoter } from './from-quoter.js';

function quote(...chunks: string[]): string {
  const quoter = new FromQuoter();
  const parts = chunks.map((chunk) => Buffer.from(quoter.quote(Buffer.from(chunk, 'latin1'))).toString('latin1'));
  return parts.join('') + Buffer.from(quoter.end()).toString('latin1');
}

describe('FromQuoter', () => {
  it.each([
    ['From me\n', '>From me\n'],
    ['>From me\n', '>>From me\n'],
    ['>>>From me\n', '>>>>From me\n'],
    ['a\nFrom me\nb\n', 'a\n>From me\nb\n'],
    ['From\n', 'From\n'],
    ['From: me\n', 'From: me\n'],
    ['from me\n', 'from me\n'],
    [' From me\n', ' From me\n'],
    ['> From me\n', '> From me\n'],
    ['FFrom \n', 'FFrom \n'],
    ['x From me\n', 'x From me\n'],
    ['From ', '>From '],
    ['Fro', 'Fro'],
    ['\n\nFrom \nFrom \n', '\n\n>From \n>From \n'],
    ['', ''],
  ])('makes of %j %j', (text, expected) => {
    expect(quote(text)).toBe(expected);
  });

  it('does the same at every cut, and nothing else to any byte', () => {
    const pieces = fc.array(fc.constantFrom('From ', '>', '\n', 'F', 'rom', ' ', 'From', 'x', '\0\xff'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(6)), (parts, cuts) => {
        const text = parts.join('');
        // What the format says, by the regular expression that its readers use.
        const expected = text.replace(/^(>*From )/gm, '>$1');
        const chunks: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(text.slice(at, at + cut));
          at += cut;
        }
        chunks.push(text.slice(at));
        expect(quote(...chunks)).toBe(expected);
        expect(quote(text)).toBe(expected);
        expect(quote(...Array.from(text))).toBe(expected);
        expect(expected.replace(/^>(>*From )/gm, '$1')).toBe(text);
      }),
    );
  });

  it('knows whether the last line has ended', () => {
    const quoter = new FromQuoter();
    expect(quoter.atLineStart).toBe(true);
    quoter.quote(Buffer.from('a'));
    expect(quoter.atLineStart).toBe(false);
    quoter.quote(Buffer.from(''));
    expect(quoter.atLineStart).toBe(false);
    quoter.quote(Buffer.from('\n'));
    expect(quoter.atLineStart).toBe(true);
  });
});
