/** Reads a configuration file: YAML or JSON, or a module that exports the configuration or a function that gives it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '@mailverb/core';
import { parseDocument } from 'yaml';
import type { ImportModule } from '../plugins/import-module.js';
import { reasonOf } from '../errors.js';
import { whyUnreadable } from './references.js';
import { isPlainObject } from './tree.js';

const MODULES: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/** A file as it was written, nothing checked yet. */
export interface ConfigurationFile {
  /** As it was named, for messages. */
  readonly name: string;
  /** Absolute; what the file says is relative to it. */
  readonly folder: string;
  readonly tree: Readonly<Record<string, unknown>>;
}

/** What a configuration function is given. */
export interface ConfigurationContext {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * @param name relative to `cwd`.
 * @throws {ConfigurationError} if it can't be read or made sense of.
 */
export async function readConfiguration(
  name: string,
  cwd: string,
  context: ConfigurationContext,
  importModule: ImportModule,
): Promise<ConfigurationFile> {
  const path = resolve(cwd, name);
  const tree = MODULES.has(extname(path))
    ? await fromModule(name, path, context, importModule)
    : fromText(name, readText(name, path), extname(path) === '.json');
  // An empty file, or one of comments only, is a configuration that says nothing.
  const checked = tree ?? {};
  if (!isPlainObject(checked)) throw problem(name, 'expected keys and values, such as "hostname: mx.example.org"');
  return { name, folder: dirname(path), tree: checked };
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw problem(name, `cannot read the configuration file: ${whyUnreadable(error)}`);
  }
}

function fromText(name: string, text: string, json: boolean): unknown {
  if (json) {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw problem(name, `this is not JSON: ${reasonOf(error)}`);
    }
  }
  const document = parseDocument(text, { prettyErrors: true, merge: true });
  if (document.errors.length > 0) {
    throw new ConfigurationError(
      document.errors.map((error) => {
        const at = error.linePos?.[0];
        // The first line says what; the rest of a pretty error is a drawing of where, which line and column say shorter.
        const what = (error.message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
        return { path: at === undefined ? name : `${name}:${at.line}:${at.col}`, message: `this is not YAML: ${what}` };
      }),
    );
  }
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that would unfold to a bomb.
    throw problem(name, `this is not usable YAML: ${reasonOf(error)}`);
  }
}

async function fromModule(
  name: string,
  path: string,
  context: ConfigurationContext,
  importModule: ImportModule,
): Promise<unknown> {
  // Its own words are clearer than the loader's.
  readText(name, path);
  let exported: unknown;
  try {
    const module = await importModule(freshUrl(path));
    exported = defaultExport(module);
    if (typeof exported === 'function')
      exported = await (exported as (context: ConfigurationContext) => unknown)(context);
  } catch (error) {
    throw problem(name, `the configuration module failed: ${reasonOf(error)}`, error);
  }
  if (exported === undefined)
    throw problem(name, 'expected a default export: the configuration, or a function that gives it');
  return exported;
}

/** How often a module was read by this process. */
const readings = new Map<string, number>();

/** Node keeps modules by their URL: one that is read again, on a reload, has another, and is not what it was before. */
function freshUrl(path: string): string {
  const { href } = pathToFileURL(path);
  const before = readings.get(path) ?? 0;
  readings.set(path, before + 1);
  if (before === 0) return href;
  // CommonJS is kept by the file's name.
  Reflect.deleteProperty(createRequire(path).cache, path);
  return `${href}?reading=${before + 1}`;
}

function defaultExport(module: unknown): unknown {
  if (typeof module !== 'object' || module === null || !('default' in module)) return undefined;
  const exported: unknown = module.default;
  // A CommonJS module that was compiled from an ES module has its default export one level further down.
  return typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported
    ? exported.default
    : exported;
}

function problem(path: string, message: string, cause?: unknown): ConfigurationError {
  const error = new ConfigurationError([{ path, message }]);
  if (cause !== undefined) error.cause = cause;
  return error;
}
