/** What a client says in SCRAM. */
import fc from 'fast-check';
import { parseClientFinal, parseClientFirst } from './scram-messages.js';

const first = (text: string) => parseClientFirst(Buffer.from(text));
const final = (text: string) => parseClientFinal(Buffer.from(text));

describe('the first message', () => {
  it('is read', () => {
    expect(first('n,a=boss,n=J\u00f6=2Crg=3D,r=a!~b,x=y,z==')).toEqual({
      gs2: { flag: 'n', bindingType: undefined, authzid: 'boss', text: 'n,a=boss,', rest: expect.any(String) },
      username: 'J\u00f6,rg=',
      nonce: 'a!~b',
      bare: 'n=J\u00f6=2Crg=3D,r=a!~b,x=y,z==',
    });
  });

  it('is read with its name prepared, and kept as it was sent', () => {
    expect(first('n,,n=I\u00adX,r=a')).toMatchObject({ username: 'IX', bare: 'n=I\u00adX,r=a' });
  });

  it.each([
    ['nothing', ''],
    ['a GS2 header alone', 'n,,'],
    ['no nonce', 'n,,n=ann'],
    ['an empty nonce', 'n,,n=ann,r='],
    ['no name', 'n,,r=abc'],
    ['an empty name', 'n,,n=,r=abc'],
    ['a name that comes to nothing', 'n,,n=\u00ad,r=abc'],
    ['a name with a NUL', 'n,,n=a\0b,r=abc'],
    ['a name with an escape that is none', 'n,,n=a=b,r=abc'],
    ['a name with an escape in lower case', 'n,,n=a=2cb,r=abc'],
    ['a name of 256 octets', `n,,n=${'a'.repeat(256)},r=abc`],
    ['another order', 'n,,r=abc,n=ann'],
    ['upper case', 'n,,N=ann,r=abc'],
    ['a nonce with a space', 'n,,n=ann,r=a b'],
    ['a nonce beyond ASCII', 'n,,n=ann,r=\u00e9'],
    ['a nonce with a line end', 'n,,n=ann,r=abc\n'],
    ['a nonce that is too long', `n,,n=ann,r=${'a'.repeat(513)}`],
    ['an extension that must be understood', 'n,,m=x,n=ann,r=abc'],
    ['one that comes later', 'n,,n=ann,r=abc,m=x'],
    ['a second name', 'n,,n=ann,r=abc,n=bob'],
    ['a second nonce', 'n,,n=ann,r=abc,r=abd'],
    ['an extension without a value', 'n,,n=ann,r=abc,x='],
    ['an extension with a long name', 'n,,n=ann,r=abc,xy=z'],
    ['an extension with a NUL', 'n,,n=ann,r=abc,x=\0'],
    ['a comma at the end', 'n,,n=ann,r=abc,'],
    ['no GS2 header', 'n=ann,r=abc'],
  ])('is not one with %s', (_what, text) => {
    expect(first(text)).toBeUndefined();
  });

  it('is UTF-8', () => {
    expect(parseClientFirst(Buffer.from('n,,n=\xff,r=abc', 'latin1'))).toBeUndefined();
  });

  it('is kept as it was sent, whatever is read', () => {
    const unit = fc.constantFrom('n', 'y', 'p=x', ',', ',,', 'a=', 'n=', 'r=', 'm=', '=2C', 'x', '\u00e9');
    const text = fc.oneof(
      fc.string({ unit, maxLength: 12 }),
      fc.string({ unit, maxLength: 8 }).map((rest) => `n,,n=ann,r=${rest}`),
    );
    fc.assert(
      fc.property(text, (message) => {
        const read = first(message);
        if (read !== undefined) expect(read.gs2.text + read.bare).toBe(message);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the last message', () => {
  it('is read', () => {
    expect(final('c=biws,r=abc,x=y,p=AAEC')).toEqual({
      binding: Buffer.from('n,,'),
      nonce: 'abc',
      proof: Buffer.from([0, 1, 2]),
      withoutProof: 'c=biws,r=abc,x=y',
    });
  });

  it.each([
    ['nothing', ''],
    ['no proof', 'c=biws,r=abc'],
    ['an empty proof', 'c=biws,r=abc,p='],
    ['a proof that is not base64', 'c=biws,r=abc,p=AAE'],
    ['a proof that is not the last', 'c=biws,r=abc,p=AAEC,x=y'],
    ['two proofs', 'c=biws,r=abc,p=AAEC,p=AAEC'],
    ['a proof alone', 'p=AAEC'],
    ['no binding', 'r=abc,p=AAEC'],
    ['an empty binding', 'c=,r=abc,p=AAEC'],
    ['a binding that is not base64', 'c=bi,r=abc,p=AAEC'],
    ['another order', 'r=abc,c=biws,p=AAEC'],
    ['an extension that must be understood', 'c=biws,r=abc,m=x,p=AAEC'],
    ['a NUL behind it', 'c=biws,r=abc,p=AAEC\0'],
    ['a second binding', 'c=biws,r=abc,c=eSws,p=AAEC'],
  ])('is not one with %s', (_what, text) => {
    expect(final(text)).toBeUndefined();
  });

  it('is kept as it was sent, whatever is read', () => {
    const unit = fc.constantFrom('c=', 'biws', ',', 'r=', 'p=', 'AAEC', 'm=', 'x=', 'y');
    const text = fc.oneof(
      fc.string({ unit, maxLength: 12 }),
      fc.string({ unit, maxLength: 8 }).map((middle) => `c=biws,r=${middle},p=AAEC`),
    );
    fc.assert(
      fc.property(text, (message) => {
        const read = final(message);
        if (read === undefined) return;
        expect(`${read.withoutProof},p=${Buffer.from(read.proof).toString('base64')}`).toBe(message);
      }),
      { numRuns: 3000 },
    );
  });
});
