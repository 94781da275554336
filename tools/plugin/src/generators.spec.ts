/** The generators make libraries of the one shape. That these build and pass their tests is seen by scripts/try-generators.sh. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import generators from './generators.js';
import type { Options } from './library.js';

const ROOT = join(__dirname, '../../..');

const PACKAGES = ['protocol', 'contract', 'options', 'body', 'log-text', 'sasl-text', 'testing'];

/** A workspace that has the libraries which generated ones are built upon, as far as the generators look. */
function workspace(): Tree {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  writeJson(tree, 'package.json', { name: 'test', workspaces: ['apps/*', 'libs/*', 'libs/*/*'] });
  writeJson(tree, 'tsconfig.json', {
    files: [],
    references: [{ path: './libs/contract' }, { path: './libs/testing' }],
  });
  for (const name of PACKAGES) {
    writeJson(tree, `libs/${name}/package.json`, { name: `@mailverb/${name}`, version: '1.2.3' });
    writeJson(tree, `libs/${name}/tsconfig.lib.json`, {});
  }
  return tree;
}

async function generate(kind: string, options: Options, tree = workspace()): Promise<Tree> {
  const generator = generators[kind];
  if (generator === undefined) throw new Error(`no generator ${kind}`);
  await generator(tree, { skipInstall: true, ...options });
  return tree;
}

function filesUnder(tree: Tree, folder: string): string[] {
  return tree.children(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return tree.isFile(path) ? [path] : filesUnder(tree, path);
  });
}

const COMMON = [
  'README.md',
  'jest.config.cjs',
  'package.json',
  'src/index.ts',
  'src/my-own.options.ts',
  'src/plugin.ts',
  'tsconfig.json',
  'tsconfig.lib.json',
  'tsconfig.spec.json',
];

const KINDS: readonly (readonly [kind: string, folder: string, plugin: string, suffix: string, more: string[]])[] = [
  ['verb', 'libs/verbs/my-own', 'verb-my-own', 'verb', ['conversations/hello.smtp']],
  ['extension', 'libs/extensions/my-own', 'extension-my-own', 'extension', []],
  ['policy', 'libs/policy/my-own', 'policy-my-own', 'policy', ['conversations/denied.smtp']],
  ['transform', 'libs/transform/my-own', 'transform-my-own', 'transform', []],
  ['delivery', 'libs/delivery/my-own', 'delivery-my-own', 'delivery', []],
  ['mechanism', 'libs/sasl/my-own', 'sasl-my-own', 'mechanism', []],
  ['authenticator', 'libs/auth/my-own', 'auth-my-own', 'authenticator', []],
  ['store', 'libs/store/my-own', 'store-my-own', 'store', []],
  ['logger', 'libs/logging/my-own', 'logging-my-own', 'logger', []],
  ['observer', 'libs/logging/my-own', 'logging-my-own', 'observer', []],
];

describe.each(KINDS)('the generator %s', (kind, folder, plugin, suffix, more) => {
  it('makes every file of the one shape, and leaves nothing of its templates', async () => {
    const tree = await generate(kind, { name: 'my-own' });
    const classes = [`src/my-own.${suffix}.ts`, `src/my-own.${suffix}.spec.ts`];
    const expected = [...COMMON, ...classes, ...more].map((file) => `${folder}/${file}`);
    const made = filesUnder(tree, folder);
    expect(made.toSorted()).toEqual(expected.toSorted());
    for (const file of made) expect(tree.read(file, 'utf8')).not.toMatch(/<%|%>|__name__|\.template|&#|&quot;/);
  });

  it('names it as the others are named', async () => {
    const tree = await generate(kind, { name: 'my-own' });
    expect(readJson(tree, `${folder}/package.json`)).toMatchObject({
      name: `@mailverb/${plugin}`,
      peerDependencies: { '@mailverb/contract': '^1.2.3' },
      devDependencies: { '@mailverb/testing': '^1.2.3' },
      nx: { name: plugin, tags: ['type:plugin', `kind:${folder.split('/')[1]}`] },
    });
    expect(tree.read(`${folder}/src/plugin.ts`, 'utf8')).toContain(`name: '${plugin}'`);
    expect(tree.read(`${folder}/jest.config.cjs`, 'utf8')).toContain(`displayName: '${plugin}'`);
    expect(tree.read(`${folder}/README.md`, 'utf8')).toMatch(new RegExp(`^# @mailverb/${plugin}\n`));
  });

  it('has it built after what it imports', async () => {
    const tree = await generate(kind, { name: 'my-own' });
    const { references } = readJson<{ references: { path: string }[] }>(tree, `${folder}/tsconfig.lib.json`);
    const { dependencies } = readJson<{ dependencies: Record<string, string> }>(tree, `${folder}/package.json`);
    const ours = Object.keys(dependencies).flatMap((name) => /^@mailverb\/(.+)/.exec(name)?.[1] ?? []);
    const expected = [...ours, 'testing', 'contract'].map((name) => `../../${name}/tsconfig.lib.json`);
    expect(references.map(({ path }) => path)).toEqual(expected);
    expect(dependencies['zod']).toBe(
      JSON.parse(readFileSync(join(ROOT, 'libs/options/package.json'), 'utf8')).dependencies.zod,
    );
  });
});

describe('a generated library', () => {
  const paths = (tree: Tree) =>
    readJson<{ references: { path: string }[] }>(tree, 'tsconfig.json').references.map(({ path }) => path);

  it('is part of the solution, in order', async () => {
    const tree = await generate('policy', { name: 'my-own' });
    await generate('delivery', { name: 'my-own' }, tree);
    expect(paths(tree)).toEqual([
      './libs/contract',
      './libs/delivery/my-own',
      './libs/policy/my-own',
      './libs/testing',
    ]);
    expect(readJson(tree, 'package.json').workspaces).toEqual(['apps/*', 'libs/*', 'libs/*/*']);
  });

  it('can stand elsewhere, in another scope', async () => {
    const tree = await generate('policy', { name: 'my-own', directory: './plugins/own/', scope: '@acme' });
    expect(readJson(tree, 'plugins/own/package.json').name).toBe('@acme/policy-my-own');
    expect(readJson(tree, 'plugins/own/tsconfig.json').extends).toBe('../../tsconfig.base.json');
    expect(tree.read('plugins/own/jest.config.cjs', 'utf8')).toContain(`'../../jest.preset.cjs'`);
    expect(readJson(tree, 'plugins/own/tsconfig.lib.json').references).toContainEqual({
      path: '../../libs/options/tsconfig.lib.json',
    });
    expect(paths(tree)).toContain('./plugins/own');
    expect(readJson(tree, 'package.json').workspaces).toContain('plugins/own');
  });

  it('can stand in a workspace that has none of our libraries', async () => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    tree.delete('tsconfig.json');
    await generate('observer', { name: 'my-own', directory: 'packages/own' }, tree);
    expect(readJson(tree, 'packages/own/tsconfig.lib.json').references).toEqual([]);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'tools/plugin/package.json'), 'utf8'));
    expect(readJson(tree, 'packages/own/package.json').peerDependencies['@mailverb/contract']).toBe(`^${version}`);
    expect(tree.exists('tsconfig.json')).toBe(false);
  });

  it.each(['', 'My', '1st', 'a_b', 'a b', '-a', 'a-', 'a--b', '../a', 'a/b', '__proto__'])(
    'is not called %p',
    async (name) => {
      await expect(generate('verb', { name })).rejects.toThrow('is no name for a plugin');
    },
  );

  it.each(['..', '../outside', '/root', 'a/../..', '.'])('does not stand at %p', async (directory) => {
    await expect(generate('verb', { name: 'a', directory })).rejects.toThrow('is not a folder within the workspace');
  });

  it('does not overwrite another', async () => {
    const tree = await generate('logger', { name: 'my-own' });
    const before = tree.read('libs/logging/my-own/src/plugin.ts', 'utf8');
    await expect(generate('observer', { name: 'my-own' }, tree)).rejects.toThrow(
      'libs/logging/my-own is there already',
    );
    expect(tree.read('libs/logging/my-own/src/plugin.ts', 'utf8')).toBe(before);
  });
});

describe('generators.json', () => {
  it('names every generator, each with a factory and the schema that are there', () => {
    const listed: Record<string, { factory: string; schema: string }> = readJsonFile('generators.json').generators;
    expect(Object.keys(listed).toSorted()).toEqual(Object.keys(generators).toSorted());
    for (const [name, { factory, schema }] of Object.entries(listed)) {
      expect(factory).toBe(`./src/generators.js#${name}`);
      expect(readJsonFile(schema).required).toEqual(['name']);
    }
  });
});

function readJsonFile(file: string) {
  return JSON.parse(readFileSync(join(ROOT, 'tools/plugin', file), 'utf8'));
}
