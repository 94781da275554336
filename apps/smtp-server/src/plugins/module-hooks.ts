/**
 * Loader hooks for modules that are not part of this server: configuration modules and other people's plugins.
 *
 * - `.ts` and `.mts` are transpiled by esbuild, on every Node alike. Node's own type stripping is not used where it exists, because it
 *   refuses decorators, and plugins are written with them. Types are not checked.
 * - A package that is not found from the module's own folder is looked up from this server: a plugin file needs no `npm install` for
 *   `@mailverb/contract`.
 * - tsyringe and reflect-metadata always come from this server: a second copy of tsyringe, as npm installs one beside a plugin that is
 *   developed in a folder of its own, would not know the classes that the other decorated.
 *
 * The functions work for both of Node's interfaces: the newer calls them in this thread and wants values, the older in a thread of its own.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isPromise, type MaybePromise } from '@mailverb/contract';
import { codeOf } from '../errors.js';

/** What Node tells a resolve hook. */
export interface ResolveContext {
  readonly parentURL?: string | undefined;
  readonly conditions?: readonly string[];
  readonly importAttributes?: unknown;
}

/** Where a module is. */
export interface Resolved {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly shortCircuit?: boolean | undefined;
}

/** What a module is. */
export interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: unknown;
  readonly shortCircuit?: boolean | undefined;
}

const ALWAYS_OURS: ReadonlySet<string> = new Set(['tsyringe', 'reflect-metadata']);

let serverUrl = import.meta.url;

/** Called by Node in the hooks' own thread. */
export function initialize(data: { readonly serverUrl: string }): void {
  serverUrl = data.serverUrl;
}

/** Node's resolve hook. */
export function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => MaybePromise<Resolved>,
): MaybePromise<Resolved> {
  const fromServer = () => next(specifier, { ...context, parentURL: serverUrl });
  if (ALWAYS_OURS.has(specifier)) return fromServer();
  if (isPackageName(specifier)) return orElse(() => next(specifier, context), fromServer);
  const typescript = typescriptBehind(specifier, context.parentURL);
  return next(typescript ?? specifier, context);
}

/** Node's load hook. */
export function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => MaybePromise<Loaded>,
): MaybePromise<Loaded> {
  if (!/^file:.*\.m?ts$/.test(withoutQuery(url))) return next(url, context);
  const file = fileURLToPath(url);
  return { format: 'module', source: transpile(readFileSync(file, 'utf8'), file), shortCircuit: true };
}

/** JavaScript of a TypeScript module; decorators as TypeScript's `experimentalDecorators`, no metadata. */
export function transpile(source: string, file: string): string {
  // Only who writes TypeScript pays for loading it.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { code } = esbuild.transformSync(source, {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcefile: file,
    sourcemap: 'inline',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, verbatimModuleSyntax: false } },
    logLevel: 'silent',
  });
  return code;
}

function isPackageName(specifier: string): boolean {
  return !/^(?:\.{0,2}\/|[a-z][a-z0-9+.-]*:|#)/i.test(specifier) && specifier !== '.' && specifier !== '..';
}

// A configuration that is read again has one.
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

// TypeScript modules import each other as `./routes.js`, by the name that they will have.
function typescriptBehind(specifier: string, parentUrl: string | undefined): string | undefined {
  if (parentUrl === undefined || !/\.m?ts$/.test(withoutQuery(parentUrl)) || !/^\.{1,2}\/.*\.m?js$/.test(specifier))
    return undefined;
  if (existsSync(new URL(specifier, parentUrl))) return undefined;
  const candidate = specifier.replace(/js$/, 'ts');
  return existsSync(new URL(candidate, parentUrl)) ? candidate : undefined;
}

function orElse<T>(first: () => MaybePromise<T>, second: () => MaybePromise<T>): MaybePromise<T> {
  // Only "not found" is a reason to look elsewhere, and if it is nowhere the first answer is the one to tell.
  const instead = (error: unknown): MaybePromise<T> => {
    if (!isNotFound(error)) throw error;
    try {
      const result = second();
      return isPromise(result) ? Promise.resolve(result).catch(() => Promise.reject(error)) : result;
    } catch {
      throw error;
    }
  };
  try {
    const result = first();
    return isPromise(result) ? Promise.resolve(result).catch(instead) : result;
  } catch (error) {
    return instead(error);
  }
}

function isNotFound(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
