/** What all transactions of one strategy share: where mailboxes are, how they are made and forced to the disk, and how much memory is in use. */
import type { Clock, Logger, Recipient } from '@mailverb/contract';
import { join, resolve } from 'node:path';
import { FileNames } from './file-name.js';
import { FolderSync } from './folder-sync.js';
import { isErrno } from './files.js';
import { mailboxLocalPart, safeName } from './mailbox-name.js';
import type { MaildirOptions } from './maildir.options.js';
import { makeMaildir } from './message-file.js';
import { NewFolders } from './new-folders.js';

/** The Maildirs below one path. */
export class Mailboxes {
  /** The option `path`, absolute. */
  readonly root: string;
  /** Octets of all messages that are in memory at this moment. */
  memoryInUse = 0;
  private readonly names = new FileNames();
  private readonly folders = new FolderSync();
  private readonly newFolders = new NewFolders((path) => this.sync(path));

  constructor(
    readonly options: MaildirOptions,
    readonly logger: Logger,
    private readonly clock: Clock,
  ) {
    this.root = resolve(options.path);
  }

  /**
   * The folder of a recipient's Maildir; undefined if its address gives no safe name.
   * @param hostname whose `postmaster` it is when the recipient has no domain.
   */
  folderOf({ mailbox }: Recipient, hostname: string): string | undefined {
    const { layout, localPartCase, subaddressSeparator } = this.options;
    if (layout === 'shared') return this.root;
    const domain = safeName((mailbox.domain || hostname).toLowerCase());
    const local = safeName(mailboxLocalPart(mailbox.local, localPartCase === 'fold', subaddressSeparator));
    return domain === undefined || local === undefined ? undefined : join(this.root, domain, local);
  }

  /** A file name that nobody has had. */
  fileName(): string {
    return this.names.next(this.clock.now());
  }

  /** Makes a Maildir, with what is missing above it. */
  make(folder: string): Promise<void> {
    return makeMaildir(folder, this.newFolders);
  }

  /** Makes the folder above all Maildirs. */
  async makeRoot(): Promise<void> {
    await this.newFolders.make(this.root);
    await this.newFolders.secure(this.root);
  }

  /** Resolves when what was put into `new/` of a Maildir is on the disk, and the way to it, as far as that is wanted. */
  async settle(folder: string): Promise<void> {
    const path = join(folder, 'new');
    await this.sync(path);
    if (!this.newFolders.safe) await this.newFolders.secure(path);
  }

  private async sync(folder: string): Promise<void> {
    if (this.options.fsync) await this.folders.sync(folder);
  }

  /** Does something in a Maildir; if the Maildir is missing and may be made, makes it and tries again. */
  async within<T>(folder: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!this.options.create || !isErrno(error, 'ENOENT')) throw error;
      await this.make(folder);
      return operation();
    }
  }
}
