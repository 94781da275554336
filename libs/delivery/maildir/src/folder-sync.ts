/**
 * Forcing folders to the disk, together: a rename is safe when its folder has been synced after it, and one sync serves everybody
 * whose rename came before it began. So under load the number of folder syncs depends on the disk and not on the number of messages.
 */
import { files } from './files.js';

interface Folder {
  readonly path: string;
  descriptor: number | undefined;
  /** The round that is under way: too late to join. */
  running: Promise<void> | undefined;
  /** The round after it, which all who come meanwhile share. */
  next: Promise<void> | undefined;
}

/** Syncs folders, each at most once at a time. */
export class FolderSync {
  /** Only folders that somebody waits for. */
  private readonly folders = new Map<string, Folder>();

  /** Resolves when everything that was done in the folder before this call is on the disk. */
  sync(path: string): Promise<void> {
    let folder = this.folders.get(path);
    if (folder === undefined) {
      folder = { path, descriptor: undefined, running: undefined, next: undefined };
      this.folders.set(path, folder);
    }
    return this.join(folder);
  }

  private join(folder: Folder): Promise<void> {
    // First, because a round that was promised begins a moment after the one before it has ended.
    if (folder.next !== undefined) return folder.next;
    if (folder.running === undefined) return this.begin(folder);
    const begin = () => this.begin(folder);
    folder.next = folder.running.then(begin, begin);
    return folder.next;
  }

  private begin(folder: Folder): Promise<void> {
    folder.next = undefined;
    folder.running = this.round(folder);
    return folder.running;
  }

  private async round(folder: Folder): Promise<void> {
    try {
      folder.descriptor ??= await files.openFolder(folder.path);
      await files.fsync(folder.descriptor);
    } finally {
      folder.running = undefined;
      // While others wait the descriptor stays open for them.
      if (folder.next === undefined) {
        this.folders.delete(folder.path);
        if (folder.descriptor !== undefined) files.close(folder.descriptor);
      }
    }
  }
}
