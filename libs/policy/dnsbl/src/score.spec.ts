import fc from 'fast-check';
import { dnsblOptions } from './dnsbl.options.js';
import { decide, scoreOf, type Asked, type Decision, type Listing } from './score.js';

type OnFailure = 'skip' | 'defer' | 'defer-if-all';

const LISTINGS: Readonly<Record<string, Listing>> = {
  yes: { kind: 'listed' },
  no: { kind: 'clear' },
  '?': { kind: 'failed', reason: 'ETIMEOUT' },
};

/** `2 yes` is a list of weight 2 that lists it. */
function asked(...said: string[]): readonly Asked[] {
  return said.map((one) => {
    const [weight, listing = ''] = one.split(' ');
    const { lists } = dnsblOptions.parse({
      lists: [{ zone: 'a.example' }, { zone: 'b.example', weight: Number(weight) }],
    });
    const [, list] = lists;
    if (list === undefined) throw new Error('no list');
    return { list, listing: LISTINGS[listing] ?? { kind: 'clear' } };
  });
}

describe('decide', () => {
  it.each<[string[], Decision, Decision, Decision]>([
    //                                          skip      defer      defer-if-all
    [['1 no', '1 no'], 'pass', 'pass', 'pass'],
    [['1 yes', '1 no'], 'pass', 'pass', 'pass'],
    [['2 yes', '1 no'], 'defer', 'defer', 'defer'],
    [['2 yes', '1 yes'], 'reject', 'reject', 'reject'],
    [['3 yes', '-2 yes'], 'pass', 'pass', 'pass'],
    [['4 yes', '-2 yes'], 'defer', 'defer', 'defer'],
    // One is silent, and could not matter.
    [['1 no', '1 ?'], 'pass', 'pass', 'pass'],
    [['3 yes', '1 ?'], 'reject', 'reject', 'reject'],
    [['1 no', '-5 ?'], 'pass', 'pass', 'pass'],
    // It could.
    [['1 yes', '1 ?'], 'pass', 'unknown', 'pass'],
    [['1 no', '3 ?'], 'pass', 'unknown', 'pass'],
    [['2 yes', '1 ?'], 'defer', 'defer', 'defer'],
    // An allow list is silent: nobody is turned away for good.
    [['3 yes', '-1 ?'], 'reject', 'unknown', 'unknown'],
    [['5 yes', '-1 ?'], 'reject', 'reject', 'reject'],
    // All are.
    [['3 ?'], 'pass', 'unknown', 'unknown'],
    [['2 ?', '1 ?'], 'pass', 'unknown', 'unknown'],
    [['1 ?'], 'pass', 'pass', 'pass'],
    [['-5 ?'], 'pass', 'pass', 'pass'],
  ])('%j: skip %s, defer %s, defer-if-all %s', (said, ...expected) => {
    const decisions = (['skip', 'defer', 'defer-if-all'] as const).map((onFailure) =>
      decide(asked(...said), { rejectScore: 3, deferScore: 2, onFailure }),
    );
    expect(decisions).toEqual(expected);
  });

  it('never refuses where it should not, nor lets a client in whom it cannot tell', () => {
    const one = fc.tuple(fc.integer({ min: -5, max: 5 }).filter(Boolean), fc.constantFrom('yes', 'no', '?'));
    const thresholds = { rejectScore: 3, deferScore: 2 };
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (said) => {
        const with_ = (onFailure: OnFailure, replace?: string) =>
          decide(asked(...said.map(([weight, what]) => `${weight} ${what === '?' ? (replace ?? '?') : what}`)), {
            ...thresholds,
            onFailure,
          });
        // Whatever the silent ones would have said must not have undone a refusal for good, and none of them a welcome.
        if (with_('defer') === 'reject') {
          const best = asked(
            ...said.map(([weight, what]) => `${weight} ${what === '?' ? (weight < 0 ? 'yes' : 'no') : what}`),
          );
          expect(scoreOf(best)).toBeGreaterThanOrEqual(3);
        }
        if (with_('defer') === 'pass') {
          const worst = asked(
            ...said.map(([weight, what]) => `${weight} ${what === '?' ? (weight > 0 ? 'yes' : 'no') : what}`),
          );
          expect(scoreOf(worst)).toBeLessThan(2);
        }
        expect(with_('skip')).toBe(with_('skip', 'no'));
      }),
    );
  });

  it('can do without either threshold', () => {
    expect(decide(asked('9 yes'), { rejectScore: 'never', deferScore: 2, onFailure: 'skip' })).toBe('defer');
    expect(decide(asked('2 yes'), { rejectScore: 3, onFailure: 'skip' })).toBe('pass');
  });
});
