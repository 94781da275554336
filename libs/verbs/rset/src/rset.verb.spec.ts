/** RSET: forgets the transaction. */
import { contributionsOf, describeVerb } from '@mailverb/testing';
import { RsetVerb } from './rset.verb.js';
import rsetPlugin from './plugin.js';

describeVerb('rset', () => new RsetVerb(), { refuses: ['x', '\ufeff', '\u00a0'] });

describe('RSET', () => {
  it('forgets the transaction', () => {
    const { reply, effect } = new RsetVerb().perform();
    expect(String(reply)).toBe('250 2.0.0 Ok');
    expect(effect).toEqual({ type: 'reset' });
  });

  it('takes no arguments', () => {
    expect(String(new RsetVerb().parse('now'))).toBe('501 5.5.4 Syntax: RSET');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(rsetPlugin.name).toBe('verb-rset');
  expect(contributionsOf(rsetPlugin)).toEqual([{ kind: 'verb', name: undefined, value: RsetVerb }]);
});
