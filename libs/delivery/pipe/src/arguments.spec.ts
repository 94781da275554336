import fc from 'fast-check';
import { ArgumentList, type Placeholder, type Values } from './arguments.js';

const NAMES: readonly Placeholder[] = [
  'sender',
  'id',
  'size',
  'client',
  'recipient',
  'local',
  'user',
  'extension',
  'domain',
];

const piece = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => ({ template: `{${name}}`, name })),
  fc.string().map((text) => ({ template: text.replaceAll('{', '{{'), name: undefined })),
);
const argument = fc.oneof(fc.constant([{ template: '--', name: undefined }]), fc.array(piece, { maxLength: 4 }));
const values = fc
  .array(fc.oneof(fc.string(), fc.constantFrom('-x', '{sender}', '--', 'a b', '$(x)')), {
    minLength: NAMES.length,
    maxLength: NAMES.length,
  })
  .map((texts): Values => new Map(NAMES.map((name, i) => [name, texts[i] ?? ''])));

describe('ArgumentList (attack A11)', () => {
  it('puts values where their names stand, and changes nothing else', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), values, (list, given) => {
        const templates = list.map((pieces) => pieces.map(({ template }) => template).join(''));
        const expected = list.map((pieces) =>
          pieces
            .map(({ template, name }) =>
              name === undefined ? template.replaceAll('{{', '{') : (given.get(name) ?? ''),
            )
            .join(''),
        );
        const filled = new ArgumentList(templates, 'recipient').fill(given, []);
        if (!('name' in filled)) expect(filled).toEqual(expected);
      }),
    );
  });

  it('makes no option of a value', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), values, (list, given) => {
        const templates = list.map((pieces) => pieces.map(({ template }) => template).join(''));
        const filled = new ArgumentList(templates, 'recipient').fill(given, []);
        if ('name' in filled) return expect(filled.value.startsWith('-')).toBe(true);
        const dashes = templates.indexOf('--');
        const before = dashes === -1 ? filled : filled.slice(0, dashes);
        for (const [i, text] of before.entries()) {
          if (text.startsWith('-')) expect(templates[i]?.startsWith('-')).toBe(true);
        }
      }),
    );
  });

  it('has a name for each recipient where all are wanted', () => {
    const list = new ArgumentList(['a', '{recipients}', '{id}'], 'message');
    expect(list.fill(new Map([['id', 'T1']]), ['x@y', 'z@y'])).toEqual(['a', 'x@y', 'z@y', 'T1']);
    expect(list.fill(new Map([['id', 'T1']]), ['x@y', '-z@y'])).toEqual({ name: 'recipients', value: '-z@y' });
  });
});
