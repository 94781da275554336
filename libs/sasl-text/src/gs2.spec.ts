/** GS2 headers. */
import fc from 'fast-check';
import { parseGs2Header, unescapeSaslName } from './gs2.js';

const escape = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C');

describe('parseGs2Header', () => {
  it.each([
    ['n,,n=user,r=abc', { flag: 'n', text: 'n,,', rest: 'n=user,r=abc' }],
    ['y,,', { flag: 'y', text: 'y,,', rest: '' }],
    ['n,a=boss,\x01', { flag: 'n', authzid: 'boss', text: 'n,a=boss,', rest: '\x01' }],
    ['p=tls-exporter,,x', { flag: 'p', bindingType: 'tls-exporter', text: 'p=tls-exporter,,', rest: 'x' }],
    ['p=x,a=a=2Cb=3Dc,', { flag: 'p', bindingType: 'x', authzid: 'a,b=c', text: 'p=x,a=a=2Cb=3Dc,', rest: '' }],
    // The name is prepared, and the text is what was sent: it is what the client signs.
    ['n,a=I\u00adX,', { flag: 'n', authzid: 'IX', text: 'n,a=I\u00adX,', rest: '' }],
  ])('reads %j', (message, expected) => {
    expect(parseGs2Header(message)).toEqual({ bindingType: undefined, authzid: undefined, ...expected });
  });

  it.each([
    '',
    'n',
    'n,',
    ',,',
    'N,,',
    'x,,',
    'p,,',
    'p=,,',
    'p=a b,,',
    'p=a_b,,',
    'p=\u00e9,,',
    `p=${'a'.repeat(65)},,`,
    'n,a=,',
    'n,boss,',
    'n,A=boss,',
    'n,n=boss,',
    'n,a=a=,',
    'n,a=a=2c,',
    'n,a=a=41,',
    'n,a=a\0b,',
    'n,a=a\nb,',
    `n,a=${'a'.repeat(256)},`,
    'F,n,,',
  ])('refuses %j', (message) => {
    expect(parseGs2Header(message)).toBeUndefined();
  });

  it('reads what is written', () => {
    const name = fc.string({ unit: fc.constantFrom(...'aZ9=,@. -'), minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(name, fc.constantFrom('n', 'y', 'p=tls-server-end-point'), fc.string(), (authzid, flag, rest) => {
        const text = `${flag},a=${escape(authzid)},`;
        expect(parseGs2Header(text + rest)).toMatchObject({ authzid, text, rest });
      }),
    );
  });

  it('leaves nothing out of whatever it reads', () => {
    const pieces = fc.constantFrom('n', 'y', 'p=', ',', 'a=', '=', '=2C', '=3D', 'x', '\0', '\u00e9');
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 12 }), (message) => {
        const header = parseGs2Header(message);
        if (header === undefined) return;
        expect(header.text + header.rest).toBe(message);
        expect(header.text.split(',').length).toBe(3);
        expect(header.bindingType !== undefined).toBe(header.flag === 'p');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('unescapeSaslName', () => {
  it('undoes what the client does, and nothing else is right', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'=,23CDcda\u00e9'), maxLength: 30 }), (text) => {
        expect(unescapeSaslName(escape(text))).toBe(text);
        const read = unescapeSaslName(text);
        if (read !== undefined) expect(escape(read)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
