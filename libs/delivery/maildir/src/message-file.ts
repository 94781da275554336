/** One message on its way through `tmp/`: written, forced to the disk, and then given its place, or removed. */
import { join } from 'node:path';
import { files, isErrno } from './files.js';
import type { NewFolders } from './new-folders.js';

/** A file in some `tmp/`. It holds a descriptor until `finish` or `remove`. */
export class MessageFile {
  private constructor(
    readonly path: string,
    private descriptor: number | undefined,
  ) {}

  /** Makes a new file; fails if the name is taken. */
  static async create(path: string): Promise<MessageFile> {
    return new MessageFile(path, await files.create(path));
  }

  async write(bytes: Uint8Array): Promise<void> {
    const fd = this.descriptor;
    if (fd === undefined) throw new Error('the message file is closed');
    // A full disk or a signal can cut a write short.
    for (let at = 0; at < bytes.length;) at += await files.write(fd, at === 0 ? bytes : bytes.subarray(at));
  }

  /** No more bytes: to the disk with it. */
  async finish(sync: boolean): Promise<void> {
    try {
      if (sync && this.descriptor !== undefined) await files.fsync(this.descriptor);
    } finally {
      this.close();
    }
  }

  /** Takes it away; it is no error if it is gone. */
  async remove(): Promise<void> {
    this.close();
    await removeFile(this.path);
  }

  private close(): void {
    const fd = this.descriptor;
    this.descriptor = undefined;
    if (fd !== undefined) files.close(fd);
  }
}

/** Unlinks a file; it is no error if it is gone. */
export async function removeFile(path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Puts a second name on a finished file: a hard link, or a copy where the file system gives none. */
export async function linkOrCopy(from: string, folder: string, name: string, sync: boolean): Promise<void> {
  const to = join(folder, 'new', name);
  try {
    await files.link(from, to);
  } catch (error) {
    // Another file system, one without links, or too many of them.
    if (!isErrno(error, 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    await copy(from, join(folder, 'tmp', name), to, sync);
  }
}

async function copy(from: string, temporary: string, to: string, sync: boolean): Promise<void> {
  try {
    await files.copy(from, temporary);
    if (sync) {
      const fd = await files.openExisting(temporary);
      try {
        await files.fsync(fd);
      } finally {
        files.close(fd);
      }
    }
    await files.rename(temporary, to);
  } catch (error) {
    await removeFile(temporary);
    throw error;
  }
}

/** The three folders of a Maildir. */
const PARTS = ['tmp', 'new', 'cur'] as const;

/** Makes a Maildir where none is. What was made is on the disk when this resolves. */
export async function makeMaildir(folder: string, folders: NewFolders): Promise<void> {
  await folders.make(folder);
  // `new` is the last, so that the sync for its name serves the others too.
  for (const part of ['cur', 'tmp']) await makeIfMissing(join(folder, part));
  await folders.make(join(folder, 'new'));
  await folders.secure(join(folder, 'new'));
}

async function makeIfMissing(path: string): Promise<void> {
  try {
    await files.makeFolder(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** True if all three folders are there. */
export async function isMaildir(folder: string): Promise<boolean> {
  for (const part of PARTS) {
    try {
      if (!(await files.stat(join(folder, part))).isDirectory()) return false;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    }
  }
  return true;
}
