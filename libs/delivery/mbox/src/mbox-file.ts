/** Appending to an mbox: all of a message, or nothing. The caller holds the lock. */
import type { Body } from '@mailverb/contract';
import { pump, unixLines } from '@mailverb/body';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FromQuoter } from './from-quoter.js';

const LF = 10;

/** An mbox file, which need not be there. Remembers for which file its folder has been forced to the disk. */
export class MboxFile {
  /** The inode of the file whose name is known to be on the disk. */
  private named: number | undefined;

  constructor(
    readonly path: string,
    private readonly sync: boolean,
  ) {}

  /** Makes the folder that the file is in, and those above it. What was made is on the disk when this resolves. */
  async makeFolder(): Promise<void> {
    const folder = dirname(this.path);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made === undefined || !this.sync) return;
    const top = dirname(made);
    for (let above = dirname(folder); above.length >= top.length; above = dirname(above)) {
      await syncFolder(above);
      if (above === top) return;
    }
  }

  /**
   * Appends a message with its From line, and forces it to the disk if wanted. If anything fails, or the signal fires, the file is cut
   * back to the length that it had.
   */
  async append(fromLine: string, message: Body, signal: AbortSignal): Promise<void> {
    const file = await openMbox(this.path);
    try {
      const { size, ino } = await file.stat();
      try {
        await write(file, Buffer.from((await separator(file, size)) + fromLine, 'latin1'), size, message, signal);
        if (this.sync) await file.sync();
        await this.syncName(ino, size);
        signal.throwIfAborted();
      } catch (error) {
        await file.truncate(size);
        if (this.sync) await file.sync();
        throw error;
      }
    } finally {
      await file.close();
    }
  }

  /**
   * Forces the name of the file to the disk, once. Whoever made the file may have failed, or died, before that: so it does not matter who
   * made it. A file without a message may be a new one with an inode that was used before.
   */
  private async syncName(ino: number, size: number): Promise<void> {
    if (!this.sync || (this.named === ino && size > 0)) return;
    await syncFolder(dirname(this.path));
    this.named = ino;
  }
}

async function openMbox(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx+', 0o600);
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'EEXIST') throw error;
    return open(path, 'r+');
  }
}

/** What must stand between the end of the file and the next From line. Others may have left it without its empty line, or without a line end. */
async function separator(file: FileHandle, size: number): Promise<string> {
  if (size === 0) return '';
  const last = Buffer.alloc(Math.min(2, size));
  await file.read(last, 0, last.length, size - last.length);
  if (last[last.length - 1] !== LF) return '\n\n';
  return last[0] === LF || size === 1 ? '' : '\n';
}

async function write(file: FileHandle, start: Buffer, at: number, message: Body, signal: AbortSignal): Promise<void> {
  const quoter = new FromQuoter();
  let position = at;
  const put = async (bytes: Uint8Array): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
  };
  await put(start);
  await pump(unixLines(message), (chunk) => {
    signal.throwIfAborted();
    return put(quoter.quote(chunk));
  });
  await put(quoter.end());
  await put(Buffer.from(quoter.atLineStart ? '\n' : '\n\n'));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
