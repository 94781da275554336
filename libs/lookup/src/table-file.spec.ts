import { z } from 'zod';
import { testMailbox } from '@mailverb/testing';
import { ADDRESSES } from './keys.js';
import { Table } from './table.js';
import { formatOf, readTable, type TableFormat } from './table-file.js';

const read = (text: string, format: TableFormat) =>
  [...readTable(text, format)].map(({ key, value, line }) => [line, key, value]);

describe('lines', () => {
  it('are a key, a space and a value', () => {
    const text = '# aliases\n\nann@x.example  bob@y.example, carol@y.example \r\n"a b"@x.example\tdave@y.example\n';
    expect(read(text, 'lines')).toEqual([
      [3, 'ann@x.example', 'bob@y.example, carol@y.example'],
      [4, '"a b"@x.example', 'dave@y.example'],
    ]);
  });

  it.each([
    ['ann@x.example\n', 1],
    ['a b\nann@x.example   \n', 2],
    ['"a b@x.example c\n', 1],
  ])('%j is wrong in line %d', (text, line) => {
    expect(() => read(text, 'lines')).toThrow(expect.objectContaining({ name: 'TableError', line }));
  });

  it('are read in time that grows with them', () => {
    const text = `${'k v\n'.repeat(100_000)}${'"\\'.repeat(100_000)} v`;
    const began = performance.now();
    expect(() => read(text, 'lines')).toThrow(expect.objectContaining({ line: 100_001 }));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('YAML', () => {
  it('and JSON have one mapping', () => {
    expect(read('ann@x.example: [b@y.example]\n# more\n0123: yes\n', 'yaml')).toEqual([
      [1, 'ann@x.example', ['b@y.example']],
      [3, '0123', 'yes'],
    ]);
    expect(read('{"a@x.example": {"to": 1}}', 'yaml')).toEqual([[1, 'a@x.example', { to: 1 }]]);
    expect(read('# nothing\n', 'yaml')).toEqual([]);
    // A key is only ever a key of a Map (attack A10).
    expect(read('__proto__: x\n', 'yaml')).toEqual([[1, '__proto__', 'x']]);
  });

  it.each([
    ['a: 1\na: 2\n', 2],
    ['- a\n', 1],
    ['text', 1],
    ['a: 1\n? [b]\n: 2\n', 1],
    ['a: [1\n', 2],
  ])('%j is wrong in line %d', (text, line) => {
    expect(() => read(text, 'yaml')).toThrow(expect.objectContaining({ name: 'TableError', line }));
  });
});

it('the form goes by the name', () => {
  expect(['a.yaml', 'a.yml', 'a.JSON', 'a.txt', 'aliases'].map(formatOf)).toEqual([
    'yaml',
    'yaml',
    'yaml',
    'lines',
    'lines',
  ]);
});

describe('a table', () => {
  const table = (text: string) => new Table(ADDRESSES, z.string().max(5), readTable(text, 'lines'));

  it('has the most special value', () => {
    const one = table('example.org all\nann@EXAMPLE.org ann\n*.example.org below\n');
    expect(one.size).toBe(3);
    expect(one.find(testMailbox('Ann@example.org'))).toEqual({ kind: 'found', value: 'ann' });
    expect(one.find(testMailbox('bob@example.org'))).toEqual({ kind: 'found', value: 'all' });
    expect(one.find(testMailbox('bob@a.example.org'))).toEqual({ kind: 'found', value: 'below' });
    expect(one.find(testMailbox('bob@example.net'))).toEqual({ kind: 'none' });
  });

  it.each([
    ['example.org a\n!! b\n', 2],
    ['ann@x.example one\nANN@X.example two\n', 2],
    ['ann@x.example toolong\n', 1],
  ])('%j is wrong in line %d', (text, line) => {
    expect(() => table(text)).toThrow(expect.objectContaining({ name: 'TableError', line }));
  });
});
