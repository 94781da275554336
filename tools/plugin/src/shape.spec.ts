/** Every plugin library has the one shape, so that who has read one can find everything in all of them. Tells all deviations at once. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { contributionsOf } from '@mailverb/testing';
import type { Plugin } from '@mailverb/contract';
import { z } from 'zod';

const ROOT = join(__dirname, '../../..');

/** By room: the prefix of the package's name, the endings of class files, and what one may contribute. */
const ROOMS: ReadonlyMap<string, { prefix: string; suffixes: string[]; kinds: string[] }> = new Map([
  ['verbs', { prefix: 'verb', suffixes: ['verb'], kinds: ['verb'] }],
  ['extensions', { prefix: 'extension', suffixes: ['extension'], kinds: ['extension'] }],
  ['sasl', { prefix: 'sasl', suffixes: ['mechanism'], kinds: ['mechanism'] }],
  ['auth', { prefix: 'auth', suffixes: ['authenticator'], kinds: ['authenticator'] }],
  ['store', { prefix: 'store', suffixes: ['store'], kinds: ['store'] }],
  ['policy', { prefix: 'policy', suffixes: ['policy'], kinds: ['policy'] }],
  ['transform', { prefix: 'transform', suffixes: ['transform'], kinds: ['transform'] }],
  ['delivery', { prefix: 'delivery', suffixes: ['delivery'], kinds: ['delivery'] }],
  ['proxy', { prefix: 'proxy', suffixes: ['delivery'], kinds: ['delivery'] }],
  ['logging', { prefix: 'logging', suffixes: ['logger', 'observer'], kinds: ['service', 'observer'] }],
]);

const FILES = [
  'README.md',
  'package.json',
  'tsconfig.json',
  'tsconfig.lib.json',
  'tsconfig.spec.json',
  'jest.config.cjs',
  'src/index.ts',
  'src/plugin.ts',
];

const manifestSchema = z.looseObject({
  name: z.string(),
  description: z.string().regex(/^[A-Z].+\.$/, { error: 'is no sentence' }),
  license: z.literal('Apache-2.0'),
  type: z.literal('module'),
  main: z.literal('./dist/index.js'),
  types: z.literal('./dist/index.d.ts'),
  exports: z.strictObject({
    './package.json': z.literal('./package.json'),
    '.': z.strictObject({
      '@mailverb/source': z.literal('./src/index.ts'),
      types: z.literal('./dist/index.d.ts'),
      default: z.literal('./dist/index.js'),
    }),
  }),
  files: z
    .array(z.string())
    .refine((files) => files.includes('dist') && files.includes('src'), { error: 'lack dist or src' }),
  publishConfig: z.strictObject({ access: z.literal('public') }),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.looseObject({
    '@mailverb/contract': z.string(),
    'reflect-metadata': z.string(),
    tsyringe: z.string(),
  }),
  devDependencies: z.record(z.string(), z.string()).default({}),
  nx: z.looseObject({
    name: z.string(),
    tags: z.array(z.string()),
    targets: z.looseObject({ test: z.strictObject({}) }),
  }),
});

const folders = (parent: string): string[] =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(parent, entry.name, 'package.json')))
    .map((entry) => entry.name);

/** One library, and what is wrong with it. */
class Library {
  readonly deviations: string[] = [];

  constructor(
    readonly room: string,
    readonly name: string,
  ) {}

  get folder(): string {
    return `libs/${this.room}/${this.name}`;
  }

  read(file: string): string {
    const path = join(ROOT, this.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  files(folder: string): string[] {
    const path = join(ROOT, this.folder, folder);
    return existsSync(path) ? readdirSync(path) : [];
  }

  /** Says so where `right` is not. */
  expect(right: boolean, deviation: string): void {
    if (!right) this.deviations.push(deviation);
  }
}

function checkFiles(library: Library, { suffixes }: { suffixes: string[] }): void {
  for (const file of FILES) library.expect(library.read(file) !== '', `there is no ${file}`);
  const sources = library.files('src');
  const classes = suffixes.map((suffix) => `${library.name}.${suffix}.ts`);
  library.expect(
    classes.some((file) => sources.includes(file)),
    `there is no src/${classes.join(' or ')}`,
  );
  library.expect(
    sources.some((file) => file.endsWith('.spec.ts')),
    'there is no spec',
  );
  const conversations = library.files('conversations');
  for (const file of conversations) library.expect(file.endsWith('.smtp'), `conversations/${file} is no conversation`);
  // What it does to a dialogue is shown in a way that anybody can read who knows SMTP.
  const speaks = ['verbs', 'policy'].includes(library.room);
  library.expect(!speaks || conversations.length > 0, 'there is no conversation');
}

function checkPackage(library: Library, prefix: string): void {
  const text = library.read('package.json');
  const result = manifestSchema.safeParse(JSON.parse(text === '' ? '{}' : text));
  for (const { path, message } of result.error?.issues ?? []) {
    library.deviations.push(`package.json: ${path.join('.')} ${message}`);
  }
  if (!result.success) return;
  const { name, nx, dependencies, peerDependencies, devDependencies } = result.data;
  const short = `${prefix}-${library.name}`;
  library.expect(name === `@mailverb/${short}`, `package.json: the name is ${name}, not @mailverb/${short}`);
  library.expect(nx.name === short, `package.json: nx.name is ${nx.name}, not ${short}`);
  for (const tag of ['type:plugin', `kind:${library.room}`]) {
    library.expect(nx.tags.includes(tag), `package.json: no tag ${tag}`);
  }
  for (const [dependency, range] of Object.entries(dependencies)) {
    const pinned = dependency.startsWith('@mailverb/') || /^\d+\.\d+\.\d+$/.test(range);
    library.expect(pinned, `package.json: ${dependency} ${range} is not pinned`);
  }
  const published = { ...dependencies, ...peerDependencies };
  const { lib, spec } = importsOf(library);
  for (const one of lib) library.expect(one in published, `imports ${one}, which package.json does not depend on`);
  for (const one of spec) {
    const known = one in published || one in devDependencies || !one.startsWith('@mailverb/');
    library.expect(known, `its specs import ${one}, which package.json does not depend on`);
  }
  for (const one of Object.keys(dependencies)) {
    library.expect(lib.has(one), `package.json depends on ${one}, which nothing imports`);
  }
}

/** The packages that the sources and the specs import. */
function importsOf(library: Library): { lib: Set<string>; spec: Set<string> } {
  const found = { lib: new Set<string>(), spec: new Set<string>() };
  for (const file of readdirSync(join(ROOT, library.folder, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const into = /\.(spec|fixture)\.ts$/.test(file) ? found.spec : found.lib;
    for (const [, module = ''] of library
      .read(`src/${file}`)
      .matchAll(/\b(?:from |import |import\()'([^'.][^'\n]*)'/g)) {
      const [scope = '', name] = module.split('/');
      if (!module.startsWith('node:')) into.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
    }
  }
  return found;
}

function checkIndex(library: Library): void {
  const text = library.read('src/index.ts');
  const [header = '', ...rest] = text.split(/(?<=\*\/)\n/);
  library.expect(/^\/\*\* .* \*\/$/.test(header), 'src/index.ts: no header comment of one line');
  const code = rest.join('').replaceAll(/export (?:type )?(?:\{[^}]*\}|\*) from '[^']+';/g, '');
  library.expect(code.trim() === '', 'src/index.ts: has more than exports');
}

function checkPlugin(library: Library, prefix: string, kinds: string[]): void {
  let exported: Record<string, unknown>;
  try {
    exported = require(join(ROOT, library.folder, 'src/index.ts'));
  } catch (error) {
    library.deviations.push(`src/index.ts cannot be loaded: ${String(error)}`);
    return;
  }
  const plugin = exported['default'];
  library.expect(isPlugin(plugin), 'src/index.ts: the default export is no plugin');
  if (!isPlugin(plugin)) return;
  const named = Object.entries(exported).filter(([name, value]) => name !== 'default' && value === plugin);
  library.expect(
    named.length === 1 && named[0]?.[0].endsWith('Plugin') === true,
    'src/index.ts: the plugin has no name that ends in Plugin',
  );
  library.expect(plugin.name === `${prefix}-${library.name}`, `the plugin calls itself ${plugin.name}`);
  const contributed = contributionsOf(plugin);
  library.expect(contributed.length > 0, 'the plugin contributes nothing');
  for (const { kind } of contributed) library.expect(kinds.includes(kind), `the plugin contributes a ${kind}`);
  if (plugin.options === undefined) return;
  const schema = plugin.options;
  library.expect(schema instanceof z.ZodType, 'the options are no zod schema');
  if (!(schema instanceof z.ZodType)) return;
  const { properties = {}, additionalProperties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  library.expect(additionalProperties === false, 'the options let unknown keys through');
  const readme = library.read('README.md');
  for (const [option, described] of Object.entries(properties)) {
    const said = typeof described === 'object' && typeof described.description === 'string';
    library.expect(said, `the option ${option} has no description`);
    library.expect(readme.includes(`\`${option}`), `README.md does not tell of the option ${option}`);
  }
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'register' in value && 'name' in value;
}

function checkReadme(library: Library, prefix: string): void {
  const readme = library.read('README.md');
  library.expect(
    readme.startsWith(`# @mailverb/${prefix}-${library.name}\n`),
    'README.md: the title is not the name of the package',
  );
  library.expect(/^```yaml$/m.test(readme), 'README.md: no example of a configuration');
}

function checkSolution(library: Library): void {
  const { references }: { references: { path: string }[] } = JSON.parse(
    readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'),
  );
  const there = references.some(({ path }) => path === `./${library.folder}`);
  library.expect(there, 'the tsconfig.json of the workspace does not know it');
}

describe('the one shape', () => {
  const rooms = readdirSync(join(ROOT, 'libs')).filter((room) => folders(join(ROOT, 'libs', room)).length > 0);

  it('has a room for every kind', () => {
    expect(rooms.filter((room) => !ROOMS.has(room))).toEqual([]);
  });

  for (const room of rooms) {
    const shape = ROOMS.get(room);
    if (shape === undefined) continue;
    it.each(folders(join(ROOT, 'libs', room)))(`libs/${room}/%s has it`, (name) => {
      const library = new Library(room, name);
      checkFiles(library, shape);
      checkPackage(library, shape.prefix);
      checkIndex(library);
      checkReadme(library, shape.prefix);
      checkSolution(library);
      checkPlugin(library, shape.prefix, shape.kinds);
      expect(library.deviations).toEqual([]);
    });
  }
});
