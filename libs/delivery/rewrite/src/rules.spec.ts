import { testMailbox } from '@mailverb/testing';
import { applyRules, renaming, rule } from './rules.js';

const become = (from: string, to: string, address: string) => {
  const made = applyRules([rule.parse({ from, to })], testMailbox(address));
  return made === null ? null : made?.address;
};

describe('a rule', () => {
  it.each([
    ['old.example', 'new.example', 'Ann@OLD.example', 'Ann@new.example'],
    ['old.example', 'new.example', 'ann@sub.old.example', undefined],
    ['old.example', 'all@new.example', 'ann@old.example', 'all@new.example'],
    ['bücher.example', 'new.example', 'ann@xn--bcher-kva.example', 'ann@new.example'],
    ['old.example', 'bücher.example', 'ann@old.example', 'ann@xn--bcher-kva.example'],
    ['*.old.example', 'new.example', 'ann@a.b.old.example', 'ann@new.example'],
    ['*.old.example', '*.new.example', 'ann@a.b.old.example', 'ann@a.b.new.example'],
    ['*.old.example', '*@new.example', 'ann@a.b.old.example', 'a.b@new.example'],
    ['*.old.example', 'new.example', 'ann@old.example', undefined],
    ['ann@old.example', 'bob@new.example', 'ANN@old.example', 'bob@new.example'],
    ['ann@old.example', 'bob@new.example', 'bob@old.example', undefined],
    ['ann@*.old.example', 'ann@*.new.example', 'ann@a.old.example', 'ann@a.new.example'],
    ['info-*@old.example', '*@new.example', 'INFO-Sales@old.example', 'Sales@new.example'],
    ['info-*@old.example', 'x-*-y@new.example', 'info-a.b@old.example', 'x-a.b-y@new.example'],
    ['info-*@old.example', 'new.example', 'info-a@old.example', 'info-a@new.example'],
    ['info-*@old.example', '*@new.example', 'info-@old.example', undefined],
    ['*-a@old.example', 'x@new.example', '-a@old.example', undefined],
    ['"a b"@old.example', 'ab@new.example', '"A b"@old.example', 'ab@new.example'],
    ['old.example', 'new.example', '"a b"@old.example', '"a b"@new.example'],
    // What stands before the last @ is never a domain (attack A7).
    ['*@old.example', '*@new.example', '"x@y"@old.example', '"x@y"@new.example'],
    ['old.example', 'new.example', '"x@old.example"@other.example', undefined],
    ['ann@*', 'x@new.example', '"ann@old.example"@other.example', undefined],
    // There is no such address.
    ['info-*@old.example', 'x@*.new.example', 'info-a_b@old.example', null],
    ['old.example', 'all@new.example', 'postmaster', undefined],
  ])('from %s to %s: %s becomes %s', (from, to, address, expected) => {
    expect(become(from, to, address)).toBe(expected);
  });

  it('makes no address that is too long', () => {
    expect(become('*@old.example', `x*@new.example`, `${'l'.repeat(64)}@old.example`)).toBeNull();
  });

  it('is the first that applies, and no other looks at what it made', () => {
    const rules = [
      rule.parse({ from: 'a@x.example', to: 'b@x.example' }),
      rule.parse({ from: 'b@x.example', to: 'c@x.example' }),
      rule.parse({ from: 'x.example', to: 'y.example' }),
    ];
    expect(applyRules(rules, testMailbox('a@x.example'))?.address).toBe('b@x.example');
    expect(applyRules(rules, testMailbox('d@x.example'))?.address).toBe('d@y.example');
    expect(applyRules(rules, testMailbox('d@z.example'))).toBeUndefined();
  });

  it.each([
    ['', 'new.example', 'from'],
    ['@old.example', 'new.example', 'from'],
    ['a*b*@old.example', 'new.example', 'from'],
    ['*@*.example', 'new.example', 'from'],
    ['not a domain', 'new.example', 'from'],
    ['ann@b*ücher.example', 'new.example', 'from'],
    ['old.example', '', 'to'],
    ['old.example', '*.new.example', 'to'],
    ['a*@old.example', '*@*.example', 'to'],
    ['a*@old.example', '@new.example', 'to'],
    ['a*@old.example', 'no good@new.example.', 'to'],
  ])('from %j to %j is none', (from, to, wrong) => {
    expect(rule.safeParse({ from, to }).error?.issues[0]?.path).toEqual([wrong]);
  });
});

describe('a value of a table', () => {
  it('is a domain or an address', () => {
    expect(renaming.parse('new.example').apply(testMailbox('ann@old.example'))?.address).toBe('ann@new.example');
    expect(renaming.parse('bob@new.example').apply(testMailbox('ann@old.example'))?.address).toBe('bob@new.example');
    expect(renaming.parse('new.example').apply(testMailbox('postmaster'))?.address).toBe('postmaster@new.example');
    for (const text of ['', '*@new.example', '@new.example', 'a b'])
      expect(renaming.safeParse(text).success).toBe(false);
  });
});
