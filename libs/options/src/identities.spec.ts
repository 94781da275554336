import { identities } from './identities.js';

const as = (name: string) => ({ name, mechanism: 'PLAIN' });

describe('identities', () => {
  it('has everybody who proved to be somebody', () => {
    const all = identities().parse(true);
    expect(all.has(as('ann'))).toBe(true);
    expect(all.has(as(''))).toBe(true);
    expect(all.has(undefined)).toBe(false);
    expect(all.empty).toBe(false);
  });

  it('has those that are listed, exactly', () => {
    const some = identities().parse(['ann', 'bob']);
    expect(some.has(as('bob'))).toBe(true);
    for (const name of ['Bob', 'bo', '', '__proto__', 'constructor']) expect(some.has(as(name))).toBe(false);
    expect(some.has(undefined)).toBe(false);
    expect(some.empty).toBe(false);
  });

  it.each([false, []])('has nobody for %j', (nobody) => {
    expect(identities().parse(nobody).has(as('ann'))).toBe(false);
    expect(identities().parse(nobody).empty).toBe(true);
  });

  it.each(['ann', [''], [1], null, {}])('refuses %j', (value) => {
    expect(identities().safeParse(value).success).toBe(false);
  });
});
