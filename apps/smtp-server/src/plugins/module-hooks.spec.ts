import { pathToFileURL } from 'node:url';
import { folderWith } from '../testing/fake-io.js';
import { initialize, load, resolve, transpile, type Resolved, type ResolveContext } from './module-hooks.js';

const SERVER = 'file:///server/hooks.js';
const PARENT = 'file:///plugins/mine.mjs';
const notFound = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });

beforeAll(() => initialize({ serverUrl: SERVER }));

/** Node's resolver, where some packages are installed for the plugin and others for the server. */
function node(installed: Readonly<Record<string, readonly string[]>>, wrap: <T>(value: () => T) => T | Promise<T>) {
  return (specifier: string, { parentURL = '' }: ResolveContext) =>
    wrap((): Resolved => {
      if (installed[parentURL]?.includes(specifier) === true) return { url: `${parentURL}!${specifier}` };
      throw notFound;
    });
}

const sync = <T>(make: () => T): T => make();
const async = <T>(make: () => T): Promise<T> => Promise.resolve().then(make);

describe.each([
  ['in this thread', sync],
  ['in their own thread', async],
])('resolving, with hooks %s', (_where, wrap) => {
  const installed = { [PARENT]: ['own', 'tsyringe'], [SERVER]: ['own', 'tsyringe', '@mailverb/contract'] };
  const from = async_(node(installed, wrap));

  it('finds a plugin’s own packages', async () => {
    expect(await from('own')).toEqual({ url: `${PARENT}!own` });
  });

  it('finds the server’s packages, if the plugin has none of that name', async () => {
    expect(await from('@mailverb/contract')).toEqual({ url: `${SERVER}!@mailverb/contract` });
  });

  it('always takes tsyringe from the server: a second copy would not know our classes', async () => {
    expect(await from('tsyringe')).toEqual({ url: `${SERVER}!tsyringe` });
  });

  it('says of a package that is nowhere what Node said first', async () => {
    await expect(from('nowhere')).rejects.toBe(notFound);
  });

  it('looks nowhere else for other reasons, and not for files', async () => {
    const broken = new Error('broken package.json');
    const next = () =>
      wrap((): Resolved => {
        throw broken;
      });
    await expect(async_(next)('own')).rejects.toBe(broken);
    await expect(from('./missing.mjs')).rejects.toBe(notFound);
    await expect(from('node:nothing')).rejects.toBe(notFound);
  });
});

function async_(next: (specifier: string, context: ResolveContext) => Resolved | Promise<Resolved>) {
  return async (specifier: string) => resolve(specifier, { parentURL: PARENT }, next);
}

describe('TypeScript modules', () => {
  const folder = folderWith({
    'config.ts': 'export default { a: 1 as number };',
    'routes.ts': '',
    'real.js': '',
    'real.ts': '',
  });
  const parentURL = pathToFileURL(`${folder.path}/config.ts`).href;
  afterAll(() => folder.remove());

  it('are transpiled, decorators of parameters too', () => {
    const code = transpile(
      `import { inject } from 'tsyringe';
       import type { Gone } from './gone.js';
       export class A { constructor(@inject('x') private readonly x: Gone) {} }`,
      'a.ts',
    );
    expect(code).toContain('from "tsyringe"');
    expect(code).not.toContain('gone.js');
    expect(code).not.toContain('@inject');
    expect(code).toContain('this.x = x');
  });

  it('are loaded as ES modules, others as Node does', () => {
    const next = () => ({ format: 'commonjs' });
    expect(load(parentURL, {}, next)).toMatchObject({ format: 'module', shortCircuit: true });
    // A configuration that is read again has a query.
    expect(load(`${parentURL}?reading=2`, {}, next)).toMatchObject({ format: 'module', shortCircuit: true });
    expect(load('file:///a.mjs', {}, next)).toEqual({ format: 'commonjs' });
    expect(load('data:text/javascript,a.ts', {}, next)).toEqual({ format: 'commonjs' });
  });

  it.each([
    ['./routes.js', './routes.ts'],
    ['./real.js', './real.js'],
    ['./routes.ts', './routes.ts'],
    ['./missing.js', './missing.js'],
  ])('that import %s get %s', (specifier, expected) => {
    for (const parent of [parentURL, `${parentURL}?reading=2`]) {
      expect(resolve(specifier, { parentURL: parent }, (found) => ({ url: found }))).toEqual({ url: expected });
    }
  });

  it('say what is wrong with them', () => {
    expect(() => transpile('const a: = 1;', 'broken.ts')).toThrow(/broken\.ts:1:9/);
  });
});
