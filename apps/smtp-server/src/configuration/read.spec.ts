import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@mailverb/core';
import { folderWith } from '../testing/fake-io.js';
import { nativeImport } from '../testing/native-import.js';
import { readConfiguration } from './read.js';

const folder = folderWith({
  'a.yaml': 'hostname: mx.example.org\nlisteners:\n  - port: 25\n',
  'a.json': '{ "hostname": "mx.example.org" }',
  'a.mjs': 'export default { hostname: "mx.example.org" };',
  'a.cjs': 'module.exports = { hostname: "mx.example.org" };',
  'function.mjs': 'export default async ({ env }) => ({ hostname: env.HOST });',
  'compiled.cjs':
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { hostname: "mx.example.org" };',
  'merge.yaml': 'a: &common { port: 25 }\nb: { <<: *common, host: here }\n',
  'empty.yaml': '# nothing yet\n',
  'list.yaml': '- a\n',
  'broken.yaml': 'hostname: mx\n  port: [25\n',
  'twice.yaml': 'hostname: a\nhostname: b\n',
  'bomb.yaml': `a: &a [x]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]\n`,
  'broken.json': '{ "hostname": }',
  'throws.mjs': 'throw new RangeError("no such key");\n',
  'nothing.mjs': 'export const hostname = "a";',
  'number.mjs': 'export default 7;',
});
afterAll(() => folder.remove());

const read = (name: string) => readConfiguration(name, folder.path, { env: { HOST: 'mx.example.org' } }, nativeImport);

describe('configuration files', () => {
  it.each(['a.json', 'a.mjs', 'a.cjs', 'function.mjs', 'compiled.cjs'])('%s', async (name) => {
    expect(await read(name)).toEqual({ name, folder: folder.path, tree: { hostname: 'mx.example.org' } });
  });

  // CommonJS too, which jest has a cache of its own for: tools/e2e's reload.spec.ts shows that.
  it('a module, as it is now, however often it is read', async () => {
    for (const hostname of ['a.example.org', 'b.example.org', 'c.example.org']) {
      writeFileSync(join(folder.path, 'again.mjs'), `export default { hostname: '${hostname}' };`);
      expect((await read('again.mjs')).tree).toEqual({ hostname });
    }
  });

  it('YAML, with the YAML 1.2 idea of what is a number', async () => {
    expect((await read('a.yaml')).tree).toEqual({ hostname: 'mx.example.org', listeners: [{ port: 25 }] });
  });

  it('YAML, with anchors and merge keys', async () => {
    expect((await read('merge.yaml')).tree).toEqual({ a: { port: 25 }, b: { port: 25, host: 'here' } });
  });

  it('an empty file says nothing', async () => {
    expect((await read('empty.yaml')).tree).toEqual({});
  });

  it.each([
    ['missing.yaml', 'missing.yaml: cannot read the configuration file: there is no such file'],
    ['missing.mjs', 'missing.mjs: cannot read the configuration file: there is no such file'],
    ['list.yaml', 'list.yaml: expected keys and values, such as "hostname: mx.example.org"'],
    ['number.mjs', 'number.mjs: expected keys and values, such as "hostname: mx.example.org"'],
    ['broken.json', /^broken\.json: this is not JSON: SyntaxError: /],
    ['twice.yaml', 'twice.yaml:2:1: this is not YAML: Map keys must be unique'],
    ['bomb.yaml', /^bomb\.yaml: this is not usable YAML: .*alias/],
    ['throws.mjs', 'throws.mjs: the configuration module failed: RangeError: no such key'],
    ['nothing.mjs', 'nothing.mjs: expected a default export: the configuration, or a function that gives it'],
  ])('%s fails', async (name, message) => {
    await expect(read(name)).rejects.toThrow(message);
  });

  it('says where YAML is broken, one line for each place', async () => {
    const error: unknown = await read('broken.yaml').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    for (const line of String((error as Error).message).split('\n'))
      expect(line).toMatch(/^broken\.yaml:\d+:\d+: this is not YAML: /);
  });
});
