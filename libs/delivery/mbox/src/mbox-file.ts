/** Appending to an mbox: all of a message, or nothing. The caller holds the lock. */
import type { Body } from '@mailverb/contract';
import { pump, unixLines } from '@mailverb/body';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FromQuoter } from './from-quoter.js';

const LF = 10;

/**
 * Appends a message with its From line, and forces it to the disk if `sync`. If anything fails, or the signal fires, the file is cut
 * back to the length that it had.
 */
export async function appendMessage(
  path: string,
  fromLine: string,
  message: Body,
  sync: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { file, made } = await openMbox(path);
  try {
    const { size } = await file.stat();
    try {
      await write(file, Buffer.from((await separator(file, size)) + fromLine, 'latin1'), size, message, signal);
      if (sync) await file.sync();
      if (sync && made) await syncFolder(dirname(path));
      signal.throwIfAborted();
    } catch (error) {
      await file.truncate(size);
      if (sync) await file.sync();
      throw error;
    }
  } finally {
    await file.close();
  }
}

async function openMbox(path: string): Promise<{ file: FileHandle; made: boolean }> {
  try {
    return { file: await open(path, 'wx+', 0o600), made: true };
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'EEXIST') throw error;
    return { file: await open(path, 'r+'), made: false };
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
