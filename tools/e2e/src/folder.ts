/** Folders for one test, outside the checkout. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout: two folders above `src` and `dist` alike. */
export const ROOT = resolve(__dirname, '../../..');

const made: string[] = [];

/** A new, empty folder. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mailverb-e2e-'));
  made.push(path);
  return path;
}

/** Removes all that {@link folder} made. */
export function removeFolders(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}
