import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderWith } from '../testing/fake-io.js';
import { isFileName, locateFile, locatePackage } from './locate.js';

const folder = folderWith({ 'a.mjs': '' });
const url = (...parts: string[]) => pathToFileURL(join(folder.path, ...parts)).href;
const write = (path: string, content: string) => {
  mkdirSync(join(folder.path, path, '..'), { recursive: true });
  writeFileSync(join(folder.path, path), content);
};

beforeAll(() => {
  write('main/package.json', '{ "main": "./lib/plugin.js" }');
  write('main/lib/plugin.js', '');
  write('index/index.js', '');
  write('bare/readme.txt', '');
  write(
    'node_modules/only-import/package.json',
    '{ "exports": { ".": { "types": "./x.d.ts", "import": "./plugin.mjs" } } }',
  );
  write('node_modules/only-import/plugin.mjs', '');
  write('node_modules/@scope/plain/package.json', '{ "main": "./plugin.js" }');
  write('node_modules/@scope/plain/plugin.js', '');
  write('node_modules/closed/package.json', '{ "exports": { "./other": "./x.js" } }');
  write('below/deeper/x.txt', '');
});
afterAll(() => folder.remove());

describe('plugin files', () => {
  it.each(['./a.mjs', '../a.mjs', '/a.mjs', 'file:///a.mjs', '.'])('%s is one', (name) =>
    expect(isFileName(name)).toBe(true),
  );
  it.each(['maildir', '@scope/plain', 'a.mjs'])('%s is none', (name) => expect(isFileName(name)).toBe(false));

  it('stand relative to the configuration file', () => {
    expect(locateFile('./a.mjs', folder.path)).toEqual({ url: url('a.mjs') });
    expect(locateFile('../a.mjs', join(folder.path, 'below'))).toEqual({ url: url('a.mjs') });
    expect(locateFile(join(folder.path, 'a.mjs'), '/')).toEqual({ url: url('a.mjs') });
    expect(locateFile(url('a.mjs'), '/')).toEqual({ url: url('a.mjs') });
  });

  it('may be folders', () => {
    expect(locateFile('./main', folder.path)).toEqual({ url: url('main', 'lib', 'plugin.js') });
    expect(locateFile('./index/', folder.path)).toEqual({ url: url('index', 'index.js') });
    expect(locateFile('./bare', folder.path)).toEqual({
      problem: expect.stringContaining('the folder has no module') as string,
    });
  });

  it('must be there', () => {
    expect(locateFile('./b.mjs', folder.path)).toEqual({
      problem: `there is no such file: ${join(folder.path, 'b.mjs')}`,
    });
    expect(locateFile('file:nowhere', folder.path)).toHaveProperty('problem');
    expect(locateFile('file://elsewhere/x', folder.path)).toEqual({ problem: 'this is not a valid file: URL' });
  });
});

describe('plugin packages', () => {
  it('are looked up from one folder after the other, and upwards', () => {
    const from = [join(folder.path, 'below', 'deeper'), '/'];
    expect(locatePackage('@scope/plain', from)).toEqual({ url: url('node_modules', '@scope', 'plain', 'plugin.js') });
    expect(locatePackage('@scope/plain', ['/', folder.path])).toEqual({
      url: url('node_modules', '@scope', 'plain', 'plugin.js'),
    });
    expect(locatePackage('@scope/missing', from)).toBeUndefined();
  });

  it('may be ES modules only', () => {
    expect(locatePackage('only-import', [folder.path])).toEqual({
      url: url('node_modules', 'only-import', 'plugin.mjs'),
    });
  });

  it('must have an entry', () => {
    expect(locatePackage('closed', [folder.path])).toEqual({
      problem: 'the package closed has no entry that can be imported',
    });
  });
});
