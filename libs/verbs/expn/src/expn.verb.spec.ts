/** EXPN: one answer for all. */
import { contributionsOf, describeVerb } from '@mailverb/testing';
import { ExpnVerb } from './expn.verb.js';
import expnPlugin from './plugin.js';

describeVerb('expn', () => new ExpnVerb(), {
  args: ['staff', 'staff SMTPUTF8', '<staff@example.org>'],
  refuses: [''],
});

describe('EXPN', () => {
  it('says the same of every list, and nothing of what was asked (attack A22)', () => {
    const verb = new ExpnVerb();
    const answers = ['staff', 'no-such-list', 'x SMTPUTF8'].map((name) => {
      expect(verb.parse(name)).toEqual({});
      return verb.perform();
    });
    expect(new Set(answers).size).toBe(1);
    expect(String(answers[0]?.reply)).toMatch(/^252 2\.0\.0 /);
    expect(answers[0]?.effect).toBeUndefined();
  });

  it('needs to be told which', () => {
    expect(String(new ExpnVerb().parse(''))).toBe('501 5.5.4 Syntax: EXPN list');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(expnPlugin.name).toBe('verb-expn');
  expect(contributionsOf(expnPlugin)).toEqual([{ kind: 'verb', name: undefined, value: ExpnVerb }]);
});
