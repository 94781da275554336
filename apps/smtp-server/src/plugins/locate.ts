/**
 * Where a plugin's module is: a file or folder relative to the configuration file, a `file:` URL, or a package that is looked up from the
 * configuration file's folder and then from this server.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The module's URL, or why there is none. */
export type Location = { readonly url: string } | { readonly problem: string };

/** True for what is a file and never a built-in's or a package's name. */
export function isFileName(name: string): boolean {
  return name.startsWith('.') || name.startsWith('/') || name.startsWith('file:');
}

/** @param folder of the configuration file. */
export function locateFile(name: string, folder: string): Location {
  let path: string;
  try {
    path = name.startsWith('file:') ? fileURLToPath(name) : resolve(folder, name);
  } catch {
    return { problem: 'this is not a valid file: URL' };
  }
  if (!existsSync(path)) return { problem: `there is no such file: ${path}` };
  if (!statSync(path).isDirectory()) return { url: pathToFileURL(path).href };
  try {
    // The folder's package.json, or its index.js.
    return { url: pathToFileURL(createRequire(join(path, 'noop.js')).resolve(path)).href };
  } catch {
    return { problem: `the folder has no module: expected a package.json with "main", or an index.js, in ${path}` };
  }
}

/** @param folders where to look from, one after the other. Undefined if the package is installed in none. */
export function locatePackage(name: string, folders: readonly string[]): Location | undefined {
  for (const folder of folders) {
    try {
      return { url: pathToFileURL(createRequire(join(folder, 'noop.js')).resolve(name)).href };
    } catch {
      // Not installed here, or a package that can only be imported: Node has no way to ask for that from a folder of one's choice
      // on every version.
      const found = importEntry(name, folder);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function importEntry(name: string, from: string): Location | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(manifest)) {
      const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown };
      const target = targetOf(exports);
      if (target === undefined) return { problem: `the package ${name} has no entry that can be imported` };
      return { url: pathToFileURL(join(dirname(manifest), target)).href };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default']);

function targetOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [key, value] of Object.entries(exports)) {
    if (key === '.' || CONDITIONS.has(key)) {
      const target = targetOf(value);
      if (target !== undefined) return target;
    }
  }
  return undefined;
}
