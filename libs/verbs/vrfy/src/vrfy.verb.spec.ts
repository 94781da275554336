/** VRFY: one answer for all. */
import { contributionsOf, describeVerb } from '@mailverb/testing';
import { VrfyVerb } from './vrfy.verb.js';
import vrfyPlugin from './plugin.js';

describeVerb('vrfy', () => new VrfyVerb(), {
  args: ['joe', 'joe SMTPUTF8', '\u00e9@example.org SMTPUTF8', '<joe@example.org>'],
  refuses: [''],
});

describe('VRFY', () => {
  it('says the same of everybody, and nothing of what was asked (attack A22)', () => {
    const verb = new VrfyVerb();
    const answers = ['root', 'nobody-of-that-name', '<a@b> SMTPUTF8'].map((name) => {
      expect(verb.parse(name)).toEqual({});
      return verb.perform();
    });
    expect(new Set(answers).size).toBe(1);
    expect(String(answers[0]?.reply)).toMatch(/^252 2\.0\.0 /);
    expect(answers[0]?.effect).toBeUndefined();
  });

  it('needs to be told whom', () => {
    expect(String(new VrfyVerb().parse(''))).toBe('501 5.5.4 Syntax: VRFY string');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(vrfyPlugin.name).toBe('verb-vrfy');
  expect(contributionsOf(vrfyPlugin)).toEqual([{ kind: 'verb', name: undefined, value: VrfyVerb }]);
});
