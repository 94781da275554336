/** The rules of .dependency-cruiser.cjs find what they should, and nothing in this workspace. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../../..');
const DEPCRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** The rules that each file breaks. */
type Broken = Readonly<Record<string, readonly string[]>>;

/** Runs the check as `npm run boundaries` does, and reads what it prints. */
function boundaries(workspace: string): Promise<{ readonly passed: boolean; readonly broken: Broken }> {
  const args = [DEPCRUISE, '--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'tools'];
  const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: workspace, env }, (error, stdout, stderr) => {
      const broken: Record<string, string[]> = {};
      for (const [, rule = '', file = ''] of stdout.matchAll(/^ *error ([a-z-]+): (\S+) →/gm)) {
        broken[file] = [...new Set(broken[file]).add(rule)].toSorted();
      }
      // A check that did not run has found nothing, and must not pass for one that did.
      if (!/\d+ modules, \d+ dependencies cruised/.test(stdout)) reject(new Error(`${stdout}\n${stderr}`));
      else resolve({ passed: error === null, broken });
    });
  });
}

/** A workspace of nearly empty libraries, and files to put into it. */
function plant(files: Readonly<Record<string, string>>): string {
  const workspace = mkdtempSync(join(tmpdir(), 'mailverb-boundaries-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(workspace, dirname(path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  };
  const libraries = [
    'protocol',
    'contract',
    'options',
    'client',
    'next-hop',
    'core',
    'testing',
    'verbs/one',
    'verbs/two',
  ].map((one) => `libs/${one}`);
  for (const folder of [...libraries, 'apps/server', 'tools/bench']) {
    const name = `@mailverb/${folder.replace(/^libs\/(?:verbs\/)?/, '').replace('/', '-')}`;
    const exports = { '.': { '@mailverb/source': './src/index.ts', default: './dist/index.js' } };
    write(`${folder}/package.json`, JSON.stringify({ name, type: 'module', exports }));
    write(`${folder}/src/index.ts`, 'export const here = true;\n');
    const link = join(workspace, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(workspace, folder)), link);
  }
  write('package.json', '{ "workspaces": ["apps/*", "libs/*", "libs/*/*", "tools/*"] }');
  write('node_modules/undeclared/package.json', '{ "name": "undeclared", "main": "index.js" }');
  write('node_modules/undeclared/index.js', '');
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json']) cpSync(join(ROOT, file), join(workspace, file));
  for (const [path, text] of Object.entries(files)) write(path, text);
  return workspace;
}

const imports = (...modules: string[]): string => modules.map((one) => `import '${one}';\n`).join('');

const planted: readonly (readonly [file: string, text: string, rules: readonly string[]])[] = [
  ['libs/protocol/src/contract.ts', imports('@mailverb/contract'), ['protocol-alone']],
  ['libs/protocol/src/node.ts', imports('node:net'), ['protocol-without-node']],
  ['libs/protocol/src/old-node.ts', imports('net'), ['protocol-without-node']],
  ['libs/contract/src/shared.ts', imports('@mailverb/options'), ['contract-on-protocol']],
  ['libs/options/src/core.ts', imports('@mailverb/core'), ['shared-on-contract']],
  ['libs/options/src/plugin.ts', imports('@mailverb/one'), ['plugins-apart', 'shared-on-contract']],
  ['libs/core/src/plugin.ts', imports('@mailverb/one'), ['core-below-plugins', 'plugins-apart']],
  ['libs/core/src/testing.ts', imports('@mailverb/testing'), ['core-below-plugins']],
  ['libs/core/src/plugin.spec.ts', imports('@mailverb/one'), ['plugins-apart']],
  ['libs/client/src/core.ts', imports('@mailverb/core'), ['client-below-plugins']],
  ['libs/next-hop/src/core.ts', imports('@mailverb/core'), ['next-hop-on-client']],
  ['libs/options/src/client.ts', imports('@mailverb/client'), ['shared-on-contract']],
  ['libs/testing/src/plugin.ts', imports('@mailverb/one'), ['plugins-apart', 'testing-below-plugins']],
  ['libs/verbs/one/src/core.ts', imports('@mailverb/core'), ['core-by-testing', 'plugins-by-contract']],
  ['libs/verbs/one/src/plugin.ts', imports('@mailverb/two'), ['plugins-apart', 'plugins-by-contract']],
  ['libs/verbs/one/src/path.ts', imports('../../two/src/index.js'), ['plugins-apart', 'plugins-by-contract']],
  [
    'libs/verbs/one/src/type.ts',
    "import type { here } from '@mailverb/two';\nexport type There = typeof here;\n",
    ['plugins-apart', 'plugins-by-contract'],
  ],
  ['libs/verbs/one/src/testing.ts', imports('@mailverb/testing'), ['plugins-by-contract']],
  ['libs/verbs/one/src/core.spec.ts', imports('@mailverb/core'), ['core-by-testing']],
  ['libs/verbs/one/src/plugin.spec.ts', imports('@mailverb/two'), ['plugins-apart']],
  ['libs/verbs/one/src/app.spec.ts', imports('../../../../apps/server/src/index.js'), ['apps-are-last']],
  ['apps/other/src/app.ts', imports('@mailverb/apps-server'), ['apps-are-last']],
  ['apps/server/src/tool.ts', imports('@mailverb/tools-bench'), ['tools-are-last']],
  ['libs/verbs/one/src/window.ts', imports('../../../protocol/src/reply.js'), ['by-the-door']],
  ['tools/bench/src/window.ts', imports('../../../libs/verbs/one/src/good.js'), ['by-the-door']],
  ['libs/contract/src/circle-a.ts', imports('./circle-b.js'), ['no-circular']],
  ['libs/contract/src/missing.ts', imports('./nowhere.js'), ['resolvable']],
  ['libs/options/src/npm.ts', imports('undeclared'), ['declared']],
];

const allowed: Readonly<Record<string, string>> = {
  'libs/protocol/src/reply.ts': imports('./index.js'),
  'libs/protocol/src/node.spec.ts': imports('node:fs', '@mailverb/testing'),
  'libs/contract/src/good.ts': imports('@mailverb/protocol', 'node:net'),
  // The other half of the circle, which is reported once.
  'libs/contract/src/circle-b.ts': imports('./circle-a.js'),
  'libs/contract/src/types-a.ts': "import type { B } from './types-b.js';\nexport interface A { b: B }\n",
  'libs/contract/src/types-b.ts': "import type { A } from './types-a.js';\nexport interface B { a: A }\n",
  'libs/options/src/good.ts': imports('@mailverb/contract', '@mailverb/protocol'),
  'libs/next-hop/src/good.ts': imports('@mailverb/client', '@mailverb/contract', '@mailverb/options'),
  'libs/core/src/good.ts': imports('@mailverb/contract', '@mailverb/protocol', '@mailverb/options'),
  'libs/core/src/good.spec.ts': imports('@mailverb/testing'),
  'libs/testing/src/good.ts': imports('@mailverb/core', '@mailverb/contract', '@mailverb/options'),
  'libs/verbs/one/src/good.ts': imports(
    '@mailverb/contract',
    '@mailverb/protocol',
    '@mailverb/options',
    '@mailverb/next-hop',
    './index.js',
  ),
  'libs/verbs/one/src/good.spec.ts': imports('@mailverb/testing', './good.js', 'undeclared'),
  'apps/server/src/good.ts': imports('@mailverb/core', '@mailverb/one', '@mailverb/two', '@mailverb/options'),
  'tools/bench/src/good.ts': imports('@mailverb/core', '@mailverb/one', '@mailverb/testing', '@mailverb/apps-server'),
};

describe('the boundaries', () => {
  let workspace: string;
  let found: Awaited<ReturnType<typeof boundaries>>;
  beforeAll(async () => {
    workspace = plant({ ...allowed, ...Object.fromEntries(planted) });
    found = await boundaries(workspace);
  }, 60_000);
  afterAll(() => rmSync(workspace, { recursive: true }));

  it.each(planted)('are crossed by %s', (file, _text, rules) => {
    expect(found.broken[file]).toEqual(rules);
  });

  it('are crossed by nothing that is allowed', () => {
    const files = new Set(planted.map(([file]) => file));
    expect(Object.entries(found.broken).filter(([file]) => !files.has(file))).toEqual([]);
  });

  it('fail the check', () => {
    expect(found.passed).toBe(false);
  });

  it('have a planted violation for every rule', () => {
    const config: { forbidden: { name: string }[] } = require(join(ROOT, '.dependency-cruiser.cjs'));
    const rules = new Set(config.forbidden.map(({ name }) => name));
    expect(new Set(planted.flatMap(([, , names]) => names))).toEqual(rules);
  });
});

describe('this workspace', () => {
  it('keeps its boundaries', async () => {
    expect(await boundaries(ROOT)).toEqual({ passed: true, broken: {} });
  }, 60_000);
});
