import fc from 'fast-check';
import { isPromise } from '@mailverb/contract';
import { Reply, type Mailbox } from '@mailverb/protocol';
import { testMailbox } from '@mailverb/testing';
import { addressKey, type Lookup } from '@mailverb/lookup';
import { expand, type Expansion } from './expansion.js';
import { targets, type Targets } from './targets.js';

const LIMITS = { keep: false, maxDepth: 10, maxRecipients: 100 };

/** A table of names of one domain: `{ a: 'b c' }`. */
function table(written: Readonly<Record<string, string>>, later = false): Lookup<Mailbox, Targets> {
  const map = new Map(
    Object.entries(written).map(([name, to]) => [addressOf(name), to.split(' ').map(addressOf).join(',')]),
  );
  const find = (mailbox: Mailbox) => {
    const found = map.get(addressKey(mailbox).replace(/@$/, ''));
    return found === undefined
      ? ({ kind: 'none' } as const)
      : ({ kind: 'found', value: targets.parse(found) } as const);
  };
  return { find: later ? async (key) => find(key) : find };
}

const addressOf = (name: string) => (name === 'postmaster' || name.includes('@') ? name : `${name}@x.example`);
const shown = (expansion: Expansion) =>
  expansion instanceof Reply
    ? `${expansion.code} ${expansion.enhanced}`
    : expansion?.map(({ address }) => address.replace('@x.example', '')).join(' ');

describe('an address comes to', () => {
  it.each<[Record<string, string>, string, string | undefined]>([
    [{}, 'a', undefined],
    [{ a: 'b' }, 'a', 'b'],
    [{ a: 'b c', b: 'd', d: 'e' }, 'a', 'c e'],
    [{ a: 'b c', b: 'd', c: 'd' }, 'a', 'd'],
    [{ a: 'B', b: 'c' }, 'A', 'c'],
    [{ a: 'a b' }, 'a', 'a b'],
    // Both keep their mail, and forward it to each other.
    [{ a: 'a b', b: 'b a' }, 'a', 'a b'],
    // b stands for a, which stands for c too.
    [{ a: 'b c', b: 'a' }, 'a', 'c'],
    [{ a: 'a' }, 'a', 'a'],
    [{ a: 'b', b: 'a' }, 'a', '554 5.4.6'],
    [{ a: 'b', b: 'c', c: 'b' }, 'a', '554 5.4.6'],
    [{ postmaster: 'a' }, 'postmaster', 'a'],
    [{ 'postmaster@mx.x.example': 'a' }, 'postmaster', 'a'],
    [{ a: 'postmaster' }, 'a', 'postmaster'],
  ])('by %j: %s comes to %s', async (written, from, expected) => {
    const mailbox = testMailbox(addressOf(from));
    const now = expand(table(written), LIMITS, mailbox, 'mx.x.example');
    // Where the table is here the answer is.
    expect(isPromise(now)).toBe(false);
    expect(shown(await now)).toBe(expected);
    expect(shown(await expand(table(written, true), LIMITS, mailbox, 'mx.x.example'))).toBe(expected);
  });

  it('itself too, where everybody keeps a copy', () => {
    const keep = { ...LIMITS, keep: true };
    expect(shown(expand(table({ a: 'b', b: 'c' }), keep, testMailbox('a@x.example'), 'mx') as Expansion)).toBe('a b c');
  });

  it('so many, so far', async () => {
    const chain = table(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`n${i}`, `n${i + 1}`])));
    const wide = table({ a: Array.from({ length: 4 }, (_, i) => `b${i}`).join(' ') });
    const from = testMailbox('n0@x.example');
    expect(shown(await expand(chain, LIMITS, from, 'mx'))).toBe('n10');
    expect(shown(await expand(chain, { ...LIMITS, maxDepth: 9 }, from, 'mx'))).toBe('554 5.4.6');
    const a = testMailbox('a@x.example');
    expect(shown(await expand(wide, { ...LIMITS, maxRecipients: 4 }, a, 'mx'))).toBe('b0 b1 b2 b3');
    expect(shown(await expand(wide, { ...LIMITS, maxRecipients: 3 }, a, 'mx'))).toBe('554 5.4.6');
  });

  it('no end that is told too early: a table that gives no answer defers (attack A26)', async () => {
    const broken: Lookup<Mailbox, Targets> = {
      find: ({ local }) =>
        local === 'a' ? { kind: 'found', value: targets.parse('b@x.example') } : { kind: 'failed' },
    };
    expect(shown(await expand(broken, LIMITS, testMailbox('a@x.example'), 'mx'))).toBe('451 4.3.0');
  });

  it('what everything on its way comes to, whatever the table is', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const some = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), some), (written) => {
        const joined = Object.fromEntries(Object.entries(written).map(([name, to]) => [name, to.join(' ')]));
        const result = shown(expand(table(joined), LIMITS, testMailbox('a@x.example'), 'mx') as Expansion);
        // The same by another way: everybody who can be reached and either is in no table or keeps a copy.
        const reached = new Set(['a']);
        for (const name of reached) for (const to of written[name] ?? []) reached.add(to);
        const ends = [...reached].filter((name) => written[name]?.includes(name) ?? true);
        const expected = ends.length === 0 ? '554 5.4.6' : ends.toSorted().join(' ');
        expect(
          result === undefined ? 'a' : result.startsWith('5') ? result : result.split(' ').toSorted().join(' '),
        ).toBe(expected);
      }),
    );
  });
});

describe('targets', () => {
  it.each([
    ['a@x.example', ['a@x.example']],
    ['a@x.example, b@x.example', ['a@x.example', 'b@x.example']],
    ['"a, b"@x.example,c@x.example', ['"a, b"@x.example', 'c@x.example']],
    [['a@x.example', 'A@X.example'], ['A@x.example']],
    [['postmaster'], ['postmaster']],
  ])('%j', (written, expected) => {
    expect(targets.parse(written).map(({ address }) => address)).toEqual(expected);
  });

  it.each(['', 'a', 'a@x.example,', '"a@x.example', [], ['a@x.example', ''], 5, null, { a: 1 }])(
    '%j are none',
    (written) => {
      expect(targets.safeParse(written).success).toBe(false);
    },
  );
});
