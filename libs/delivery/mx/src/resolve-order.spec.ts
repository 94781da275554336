import fc from 'fast-check';
import { byPreference, inTurn } from './resolve-order.js';

const host = (name: string, preference: number) => ({ name, preference });
const names = (hosts: readonly { readonly name: string }[]) => hosts.map(({ name }) => name).join('');

describe('byPreference', () => {
  it('has the least first', () => {
    expect(names(byPreference([host('c', 30), host('a', 0), host('b', 10)], Math.random))).toBe('abc');
  });

  it('has equals in every order, each as often as the others', () => {
    const seen = new Map<string, number>();
    const equals = [host('a', 5), host('b', 5), host('c', 5)];
    // Every third of three, then of two: all that random numbers can do to three hosts.
    for (const first of [0, 0.4, 0.7]) {
      for (const second of [0, 0.6]) {
        const numbers = [first, second];
        const order = names(byPreference([...equals, host('z', 9)].slice(0, 3), () => numbers.shift() ?? 0));
        seen.set(order, (seen.get(order) ?? 0) + 1);
      }
    }
    expect([...seen.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  });

  it('has each name once, where it is best', () => {
    expect(byPreference([host('a', 20), host('b', 15), host('a', 10)], Math.random)).toEqual([
      host('a', 10),
      host('b', 15),
    ]);
  });

  it('keeps all, sorted, whatever random says', () => {
    const hosts = fc.uniqueArray(fc.record({ name: fc.string(), preference: fc.nat(3) }), {
      selector: ({ name }) => name,
    });
    const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(hosts, numbers, (list, random) => {
        const ordered = byPreference(list, () => random.next().value ?? 0);
        expect(new Set(ordered)).toEqual(new Set(list));
        expect(ordered.map(({ preference }) => preference)).toEqual(
          list.map(({ preference }) => preference).sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('inTurn', () => {
  it('takes families in turn, IPv6 first', () => {
    const addresses = inTurn(['::1', '::2'], ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4']);
    expect(addresses.map(({ address }) => address)).toEqual(['::1', '1.1.1.1', '::2', '2.2.2.2', '3.3.3.3', '4.4.4.4']);
    expect(addresses.map(({ family }) => family)).toEqual([6, 4, 6, 4, 4, 4]);
    expect(inTurn([], ['1.1.1.1'])).toEqual([{ address: '1.1.1.1', family: 4 }]);
    expect(inTurn([], [])).toEqual([]);
  });
});
