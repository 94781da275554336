/**
 * Holds messages that must be seen whole: in memory up to a limit for each and for all, in a temporary file beyond. The file has no name as soon as
 * it is open, so that nothing is left behind whatever happens to the process.
 */
import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPromise, type Body, type HeldMessage } from '@mailverb/contract';
import { ByteGatherer, heldBytes, PulledBody } from '@mailverb/body';

/** Where and how much. */
export interface SpoolOptions {
  /** Octets of one message held in memory. */
  readonly memory: number;
  /** Octets of all messages held in memory: beyond, a message goes to a file as soon as it is worth a write. */
  readonly totalMemory: number;
  readonly directory: string;
}

export const DEFAULT_SPOOL: SpoolOptions = {
  memory: 1024 * 1024,
  totalMemory: 64 * 1024 * 1024,
  directory: tmpdir(),
};

/** Octets of a read or write: slices of a message may be three octets long, and each its own write would cost more than the message. */
const BLOCK = 64 * 1024;

/** A message that is held, until it is let go. */
export interface Hold {
  readonly message: HeldMessage;
  /** Frees it; bodies opened before fail from now on. A second call is harmless. */
  release(): void;
}

/** Holds the messages of one server. */
export class Spool {
  private used = 0;

  constructor(private readonly options: SpoolOptions) {}

  /** Reads a body to its end and holds it. Rejects with what the body throws; then nothing is held. */
  async hold(body: Body): Promise<Hold> {
    const gathered = new ByteGatherer();
    let counted = 0;
    let written = 0;
    let file: FileHandle | undefined;
    try {
      for (;;) {
        const next = body.read();
        const chunk = isPromise(next) ? await next : next;
        if (chunk === undefined) break;
        gathered.append(chunk);
        this.used += gathered.length - counted;
        counted = gathered.length;
        if (counted < BLOCK || (file === undefined && this.fits(counted))) continue;
        file ??= await openNameless(this.options.directory);
        written += await writeAll(file, gathered.view(), written);
        gathered.clear();
        this.used -= counted;
        counted = 0;
      }
      if (file === undefined) {
        const bytes = counted;
        return this.release(heldBytes(gathered.view()), () => {
          this.used -= bytes;
        });
      }
      written += await writeAll(file, gathered.view(), written);
    } catch (error) {
      this.used -= counted;
      await file?.close();
      throw error;
    }
    this.used -= counted;
    const kept = file;
    // A failing close of a nameless temporary file loses nothing.
    return this.release(new FileMessage(kept, written), () => void kept.close().catch(() => {}));
  }

  private fits(octets: number): boolean {
    return octets <= this.options.memory && this.used <= this.options.totalMemory;
  }

  private release(message: HeldMessage, free: () => void): Hold {
    let held = true;
    return {
      message,
      release: () => {
        if (held) free();
        held = false;
      },
    };
  }
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

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
  return bytes.length;
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
    const buffer = Buffer.allocUnsafeSlow(Math.min(BLOCK, left));
    const { bytesRead } = await this.file.read(buffer, 0, buffer.length, this.at);
    if (bytesRead === 0) throw new Error('temporary file is shorter than the message it holds');
    this.at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
