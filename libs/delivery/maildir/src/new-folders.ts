/**
 * Folders that are made while messages come. Their names must be on the disk before a message below them is answered with 250, whoever has made
 * them: another transaction may find a folder that is there and not yet safe, or one that could not be synced an hour ago. So a name is marked
 * before the folder is made, until the folder above has been synced, and whoever stores a message syncs what is still marked on the way to it.
 */
import { dirname } from 'node:path';
import { files, isErrno } from './files.js';

/** Makes folders, and remembers which of them a crash could still take. */
export class NewFolders {
  /** One at a time makes a folder, or the one who finds it there would take the mark off that the other one needs. */
  private readonly making = new Map<string, Promise<void>>();
  private readonly unsafe = new Set<string>();

  /** @param sync forces to the disk what is in a folder. */
  constructor(private readonly sync: (path: string) => Promise<void>) {}

  /** True if {@link NewFolders.secure} would do nothing for any path. */
  get safe(): boolean {
    return this.unsafe.size === 0;
  }

  /** Makes a folder with all that is missing above it, of mode 0700. It is no error if it is there. */
  make(path: string): Promise<void> {
    let making = this.making.get(path);
    if (making === undefined) {
      making = this.makeOne(path).finally(() => this.making.delete(path));
      this.making.set(path, making);
    }
    return making;
  }

  /** Resolves when the names of this folder and of all above it are on the disk. */
  async secure(path: string): Promise<void> {
    for (let at = path; !this.safe; at = dirname(at)) {
      const above = dirname(at);
      if (this.unsafe.has(at)) {
        await this.sync(above);
        this.unsafe.delete(at);
      }
      if (above === at) return;
    }
  }

  private async makeOne(path: string): Promise<void> {
    const marked = this.unsafe.has(path);
    // Before it is made: others can use it as soon as it is there.
    this.unsafe.add(path);
    try {
      await this.makeBelow(path);
    } catch (error) {
      // It was there before, or is not there at all.
      if (!marked) this.unsafe.delete(path);
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }

  private async makeBelow(path: string): Promise<void> {
    try {
      await files.makeFolder(path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      await this.make(dirname(path));
      await files.makeFolder(path);
    }
  }
}
