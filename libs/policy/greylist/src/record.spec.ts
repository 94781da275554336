/** What stands in the store: read as it was written, and never taken for something else. */
import fc from 'fast-check';
import { decodeNetwork, decodeState, encodeNetwork, encodeState, readNetwork, readTriple } from './record.js';
import { decodeTriple, encodeTriple, keyOf } from './triple.js';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 100 }).filter((one) => Buffer.from(one).toString() === one);
const triples = fc.record({ network: text, sender: text, recipient: text });
const states = fc.record({ passed: fc.boolean(), since: time, used: time });

describe('the state of a triple', () => {
  it('is read as it was written, with its triple', () => {
    fc.assert(
      fc.property(triples, states, (triple, state) => {
        const value = encodeState(state, encodeTriple(triple));
        expect(decodeState(value)).toEqual(state);
        expect(readTriple(value)).toEqual({ ...triple, state });
        expect(readNetwork(value)).toBeUndefined();
        expect(() => decodeNetwork(value)).toThrow('something else');
      }),
    );
  });

  it('is under a key of its own for each triple', () => {
    fc.assert(
      fc.property(triples, triples, (one, other) => {
        const equal = JSON.stringify(one) === JSON.stringify(other);
        const key = (triple: typeof one) => keyOf(encodeTriple(triple));
        expect(key(one) === key(other)).toBe(equal);
      }),
    );
    const key = (network: string, sender: string, recipient: string) =>
      keyOf(encodeTriple({ network, sender, recipient }));
    expect(key('a', 'b', 'c')).not.toBe(key('ab', '', 'c'));
    expect(key('a', 'b', 'c')).not.toBe(key('a', '', 'bc'));
  });

  it('is compact', () => {
    const triple = { network: '192.0.2.0/24', sender: 'ann@example.net', recipient: 'user@example.org' };
    expect(encodeState({ passed: true, since: 1, used: 2 }, encodeTriple(triple)).length).toBe(16 + 4 + 43);
  });
});

describe('the state of a network', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), time, (passed, used) => {
        const value = encodeNetwork({ passed, used }, '192.0.2.0/24');
        expect(decodeNetwork(value)).toEqual({ passed, used });
        expect(readNetwork(value)).toEqual({ network: '192.0.2.0/24', state: { passed, used } });
        expect(readTriple(value)).toBeUndefined();
      }),
    );
  });
});

it('takes no other octets for a state, nor reads beyond them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      expect(() => decodeTriple(Buffer.from(octets))).not.toThrow();
      if (octets[0] === 0x67 && octets[1] === 1) return;
      expect(readTriple(octets)).toBeUndefined();
      expect(readNetwork(octets)).toBeUndefined();
      expect(() => decodeState(octets)).toThrow('something else');
    }),
  );
});
