/** Cleaning `tmp/`: what lies there for 36 hours belongs to nobody any more, by the Maildir convention. */
import { join } from 'node:path';
import { files, isErrno } from './files.js';

/** Removes plain files last changed before `before` (milliseconds since the epoch) from every `tmp/`. Gives how many. */
export async function removeStale(root: string, layout: 'shared' | 'per-recipient', before: number): Promise<number> {
  if (layout === 'shared') return cleanFolder(join(root, 'tmp'), before);
  let removed = 0;
  for (const domain of await namesIn(root)) {
    for (const local of await namesIn(join(root, domain))) {
      removed += await cleanFolder(join(root, domain, local, 'tmp'), before);
    }
  }
  return removed;
}

async function cleanFolder(folder: string, before: number): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    try {
      const { mtimeMs, isFile } = await about(path);
      if (!isFile || mtimeMs >= before) continue;
      await files.unlink(path);
      removed += 1;
    } catch (error) {
      // Somebody else who uses this Maildir was quicker.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  return removed;
}

async function about(path: string): Promise<{ mtimeMs: number; isFile: boolean }> {
  const stats = await files.stat(path);
  return { mtimeMs: stats.mtimeMs, isFile: stats.isFile() };
}

/** What is in a folder; nothing if there is none. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
