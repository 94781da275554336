/** What a hostile client may send within a SASL exchange (attacks A3, A6, A8, A10, A18). For the contract suite of mechanisms. */
import fc from 'fast-check';
import { HOSTILE_TEXTS } from './hostile.js';

/** Pieces of what mechanisms are written in. */
const PIECES: readonly string[] = [
  ...HOSTILE_TEXTS,
  'n,,n=ann,r=abc',
  'y,,n=ann,r=abc',
  'p=tls-exporter,a=boss,n=ann,r=',
  'n,a=__proto__,n==2C=3D=,m=x,r=abc',
  'c=biws,r=abc,p=AAAA',
  ',,,,',
  '=2',
  'user=ann\x01auth=Bearer abc\x01\x01',
  'n,a=ann,\x01auth=Bearer abc\x01\x01',
  '\x01',
  '\x01'.repeat(10_000),
  '\0ann\0',
  '\0'.repeat(10_000),
  'n'.repeat(300_000),
  `n,,n=${'='.repeat(20_000)}`,
];

/** Any octets, biased towards what means something to a mechanism. */
export const hostileOctets: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(...PIECES).map((text) => Buffer.from(text)),
  fc.array(fc.constantFrom(...PIECES.filter(({ length }) => length < 100)), { maxLength: 6 }).map((texts) => {
    return Buffer.from(texts.join(''));
  }),
  fc.uint8Array({ maxLength: 300 }),
);

/** A small change to what a client sends. */
export interface Change {
  /** Of the client's answers, the how manieth. */
  readonly answer: number;
  readonly how: 'flip' | 'insert' | 'delete' | 'cut' | 'double';
  /** Between 0 and 1. */
  readonly at: number;
  readonly octet: number;
}

/** Any such change. */
export const smallChange: fc.Arbitrary<Change> = fc.record({
  answer: fc.nat(1),
  how: fc.constantFrom('flip', 'insert', 'delete', 'cut', 'double'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  octet: fc.oneof(fc.constantFrom(...Buffer.from('\0\x01,=aA\x80\xff', 'latin1')), fc.nat(255)),
});

/** The answer with that change. */
export function changed(answer: Uint8Array, { how, at, octet }: Change): Uint8Array {
  const where = Math.floor(at * (answer.length + 1));
  const [before, behind] = [answer.subarray(0, where), answer.subarray(where)];
  switch (how) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([octet]), behind.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([octet]), behind]);
    case 'delete':
      return Buffer.concat([before, behind.subarray(1)]);
    case 'cut':
      return before;
    case 'double':
      return Buffer.concat([answer, answer]);
  }
}
