/**
 * Holds a message that must be seen whole: in memory up to a limit, in a temporary file beyond. The file has no name as soon as it is open, so
 * that nothing is left behind whatever happens to the process.
 */
import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPromise, type Body, type HeldMessage } from '@mailverb/contract';
import { heldBytes, PulledBody } from '@mailverb/body';

/** Where and how much. */
export interface SpoolOptions {
  /** Octets held in memory. */
  readonly memory: number;
  readonly directory: string;
}

export const DEFAULT_SPOOL: SpoolOptions = { memory: 1024 * 1024, directory: tmpdir() };

const READ_SIZE = 64 * 1024;

/** A message that is held, until it is let go. */
export interface Hold {
  readonly message: HeldMessage;
  /** Frees it; bodies opened before fail from now on. */
  release(): void;
}

/** Reads a body to its end and holds it. Rejects with what the body throws; then nothing is held. */
export async function hold(body: Body, options: SpoolOptions): Promise<Hold> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for (;;) {
      const next = body.read();
      const chunk = isPromise(next) ? await next : next;
      if (chunk === undefined) break;
      if (file === undefined && size + chunk.length > options.memory) {
        file = await openNameless(options.directory);
        await writeAll(file, chunks, 0);
        chunks.length = 0;
      }
      if (file === undefined) chunks.push(Uint8Array.from(chunk));
      else await writeAll(file, [chunk], size);
      size += chunk.length;
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
  if (file === undefined) {
    return { message: heldBytes(Buffer.concat(chunks)), release: () => {} };
  }
  const kept = file;
  // A failing close of a nameless temporary file loses nothing.
  return { message: new FileMessage(kept, size), release: () => void kept.close().catch(() => {}) };
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `mailverb-${randomBytes(12).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await rm(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  }
}

class FileMessage implements HeldMessage {
  constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  open(): Body {
    return new FileBody(this.file, this);
  }
}

class FileBody extends PulledBody {
  private at = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly message: FileMessage,
  ) {
    super();
  }

  override get held(): HeldMessage {
    return this.message;
  }

  override async read(): Promise<Uint8Array | undefined> {
    const left = this.message.size - this.at;
    if (left === 0) return undefined;
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, left));
    const { bytesRead } = await this.file.read(buffer, 0, buffer.length, this.at);
    if (bytesRead === 0) throw new Error('temporary file is shorter than the message it holds');
    this.at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
