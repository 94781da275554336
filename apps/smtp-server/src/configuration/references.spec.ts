import { join } from 'node:path';
import { folderWith } from '../testing/fake-io.js';
import { expandReferences } from './references.js';

const env = { NAME: 'ann', EMPTY: '', EVIL: 'x\nadmin: true', NESTED: '${env:NAME}' };
const folder = folderWith({ secret: 'hush\n', crlf: 'hush\r\n', two: 'a\n\n' });
afterAll(() => folder.remove());
const expand = (tree: unknown) => expandReferences(tree, { env, folder: folder.path });

describe('references', () => {
  it.each([
    ['${env:NAME}', 'ann'],
    ['<${env:NAME}@${env:NAME}>', '<ann@ann>'],
    ['${env:MISSING:-nobody}', 'nobody'],
    ['${env:MISSING:-}', ''],
    // As in a shell: `:-` is for empty variables too.
    ['${env:EMPTY:-nobody}', 'nobody'],
    ['${env:EMPTY}', ''],
    ['${file:secret}', 'hush'],
    ['${file:crlf}', 'hush'],
    // One newline is the editor's, more are meant.
    ['${file:two}', 'a\n'],
    ['$${env:NAME}', '${env:NAME}'],
    ['$$${env:NAME}', '$${env:NAME}'],
    ['$5 and $', '$5 and $'],
    // What a reference brings in is not looked at again.
    ['${env:NESTED}', '${env:NAME}'],
  ])('%s is %j', (text, expected) => {
    expect(expand({ key: text })).toMatchObject({ value: { key: expected }, issues: [] });
  });

  it('takes an absolute path', () => {
    expect(expand(`\${file:${join(folder.path, 'secret')}}`).value).toBe('hush');
  });

  it.each([
    ['${env:MISSING}', 'the environment variable MISSING is not set'],
    ['${file:missing}', 'cannot read the file missing: there is no such file'],
    ['${file:.}', 'cannot read the file .: it is a folder'],
    ['${env:NAME', 'a reference is not closed: expected } after ${'],
    ['${NAME}', 'expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; write $${ for a literal ${'],
    ['${env:}', 'expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; write $${ for a literal ${'],
    ['${vault:x}', 'expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; write $${ for a literal ${'],
  ])('%s is an issue', (text, message) => {
    expect(expand({ a: [{ b: text }] }).issues).toEqual([{ path: 'a[0].b', message, value: text }]);
  });

  it('can fill in a string and nothing else', () => {
    expect(expand({ user: '${env:EVIL}' }).value).toEqual({ user: 'x\nadmin: true' });
  });

  it('leaves keys, numbers and what is no plain data as they are', () => {
    class Thing {
      text = '${env:NAME}';
    }
    const thing = new Thing();
    const { value } = expand({ '${env:NAME}': 1, thing, yes: true, none: null });
    expect(value).toEqual({ '${env:NAME}': 1, thing, yes: true, none: null });
    expect((value as { thing: unknown }).thing).toBe(thing);
  });

  it('keeps where values came from, and whether they are all of it', () => {
    const { referenced } = expand({ a: '${env:NAME}', b: ['x${env:NAME}'], c: '$${', d: 'plain' });
    expect([...referenced]).toEqual([
      ['a', { text: 'ann', whole: true }],
      ['b[0]', { text: 'xann', whole: false }],
    ]);
  });

  it('keeps a key called __proto__ a key (attack A10)', () => {
    const { value } = expand(JSON.parse('{"__proto__": {"polluted": "${env:NAME}"}}'));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
