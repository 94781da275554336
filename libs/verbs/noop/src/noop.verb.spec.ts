/** NOOP: nothing. */
import { contributionsOf, describeVerb } from '@mailverb/testing';
import { NoopVerb } from './noop.verb.js';
import noopPlugin from './plugin.js';

describeVerb('noop', () => new NoopVerb(), { args: ['', 'anything', ' <>'] });

describe('NOOP', () => {
  it('does nothing, whatever is said with it', () => {
    const { reply, effect } = new NoopVerb().perform();
    expect(String(reply)).toBe('250 2.0.0 Ok');
    expect(effect).toBeUndefined();
    expect(new NoopVerb().parse()).toEqual({});
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(noopPlugin.name).toBe('verb-noop');
  expect(contributionsOf(noopPlugin)).toEqual([{ kind: 'verb', name: undefined, value: NoopVerb }]);
});
