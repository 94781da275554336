/** One message on its way into Maildirs. Small ones stay in memory until commit; larger ones go to a file in tmp/ as they come. */
import {
  BodyAborted,
  SmtpError,
  delivered,
  type Body,
  type DeliveryContext,
  type DeliveryTransaction,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { ByteGatherer, pump, unixLines } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { join } from 'node:path';
import { files, isErrno } from './files.js';
import type { Mailboxes } from './mailboxes.js';
import { MessageFile, isMaildir, linkOrCopy, removeFile } from './message-file.js';

const NO_NAME = reply(553, '5.1.3', 'no mailbox can have this name');
const NO_MAILBOX = reply(550, '5.1.1', 'no such mailbox');
const DISK_FULL = reply(452, '4.3.1', 'no space left for messages');
const FAILED = reply(451, '4.3.0', 'the message could not be stored, try again later');

/** Beyond `totalMemory` a message still gathers this much before each write, or every slice that comes would be a write of its own. */
const LEAST_SPILL = 16 * 1024;

/** How many mailboxes are forced to the disk at once: each takes a descriptor. */
const SYNCS_AT_ONCE = 16;

export class MaildirTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  /** The mailbox of each recipient, as in `taken`. */
  private readonly mailboxes: string[] = [];
  private gathered: ByteGatherer | undefined;
  /** What this transaction has added to the strategy's count. */
  private counted = 0;
  /** The file in tmp/, once there is one, and until it has its place. */
  private file: MessageFile | undefined;
  private readonly name: string;
  /** What others can see and nobody was told about yet: by mailbox, the path in its new/. */
  private readonly placed = new Map<string, string>();
  /** The file operation that is under way. */
  private busy: Promise<unknown> | undefined;
  private state: 'open' | 'aborted' | 'done' = 'open';

  constructor(
    private readonly shared: Mailboxes,
    private readonly envelope: Envelope,
    private readonly hostname: string,
    private readonly context: DeliveryContext,
  ) {
    this.name = shared.fileName();
  }

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    if (this.state !== 'open') return FAILED;
    const folder = this.shared.folderOf(recipient, this.hostname);
    if (folder === undefined) return NO_NAME;
    if (this.shared.options.create || this.shared.options.layout === 'shared') return this.take(recipient, folder);
    const { signal } = this.context;
    return isMaildir(folder).then((known) => {
      // Too late: the recipient has been told to try again, and must not get the message twice.
      if (signal.aborted || this.state !== 'open') return FAILED;
      return known ? this.take(recipient, folder) : NO_MAILBOX;
    });
  }

  body(body: Body): MaybePromise<void> {
    // Binary content has no lines to end (RFC 3030).
    const convert = this.shared.options.lineEndings === 'lf' && this.envelope.parameters.BODY !== 'BINARYMIME';
    return pump(convert ? unixLines(body) : body, (chunk) => this.gather(chunk));
  }

  async commit(): Promise<readonly Outcome[]> {
    this.expectOpen();
    const answers = await this.work(() => this.store());
    // An abort that came meanwhile waits for this, and then removes what was stored.
    this.expectOpen();
    this.state = 'done';
    return this.taken.map((recipient, i) => ({
      recipient,
      reply: answers.get(this.mailboxes[i] ?? '') ?? FAILED,
    }));
  }

  async abort(): Promise<void> {
    if (this.state === 'done') return;
    this.state = 'aborted';
    // Whatever is under way fails or succeeds for whoever waits for it; here it only has to be over.
    await this.busy?.then(undefined, () => undefined);
    await this.cleanUp();
  }

  private take(recipient: Recipient, folder: string): undefined {
    this.taken.push(recipient);
    this.mailboxes.push(folder);
  }

  private gather(chunk: Uint8Array): MaybePromise<void> {
    if (this.state !== 'open') throw new BodyAborted('the transaction was aborted');
    this.gathered ??= new ByteGatherer(Math.max(4096, chunk.length));
    this.gathered.append(chunk);
    this.counted += chunk.length;
    const { shared } = this;
    shared.memoryInUse += chunk.length;
    const { memory, totalMemory } = shared.options;
    const { length } = this.gathered;
    if (length < memory && (length < LEAST_SPILL || shared.memoryInUse <= totalMemory)) return;
    return this.work(() => this.spill());
  }

  /** From memory to the file in tmp/. */
  private async spill(): Promise<void> {
    const [home] = this.mailboxes;
    if (home === undefined) throw new Error('a body without a recipient');
    try {
      await this.writeIn(home);
      this.forget();
    } catch (error) {
      throw new SmtpError(replyTo(error), 'a temporary file could not be written', { mailbox: home }, { cause: error });
    }
  }

  private async writeIn(folder: string): Promise<MessageFile> {
    const path = join(folder, 'tmp', this.name);
    this.file ??= await this.shared.within(folder, () => MessageFile.create(path));
    if (this.gathered !== undefined) await this.file.write(this.gathered.view());
    return this.file;
  }

  /** Stores the message in each mailbox; gives the answer for each. What fails in one mailbox costs its own recipients. */
  private async store(): Promise<ReadonlyMap<string, Reply>> {
    const answers = new Map<string, Reply>();
    const folders = [...new Set(this.mailboxes)];
    const home = await this.write(folders, answers);
    if (home !== undefined) {
      // First the links, then the file itself: it cannot be linked any more when it may have been read and moved.
      for (const folder of folders) {
        if (folder !== home && !answers.has(folder)) await this.attempt(folder, answers, () => this.link(folder));
      }
      await this.attempt(home, answers, () => this.move(home));
    }
    const placed = [...this.placed.keys()];
    for (let at = 0; at < placed.length; at += SYNCS_AT_ONCE) {
      await Promise.all(placed.slice(at, at + SYNCS_AT_ONCE).map((folder) => this.confirm(folder, answers)));
    }
    // What is in memory was needed until here: if it could not be forced to the disk in one mailbox, it is written in the next.
    this.forget();
    // The file is still there if it could not be moved.
    await this.removeFile();
    return answers;
  }

  /** Writes the message to tmp/ of one mailbox, the first where that can be done, and forces it to the disk. Gives the mailbox. */
  private async write(folders: readonly string[], answers: Map<string, Reply>): Promise<string | undefined> {
    // What has gone to a file already can only be finished there.
    const spilled = this.file !== undefined;
    for (const folder of folders) {
      await this.attempt(folder, answers, async () => {
        const file = await this.writeIn(folder);
        await file.finish(this.shared.options.fsync);
      });
      const answer = answers.get(folder);
      if (answer === undefined) return folder;
      await this.removeFile();
      if (spilled) for (const other of folders) answers.set(other, answer);
      if (spilled) return undefined;
    }
    return undefined;
  }

  private async link(folder: string): Promise<void> {
    const { shared, file, name } = this;
    if (file === undefined) throw new Error('there is no file');
    await shared.within(folder, () => linkOrCopy(file.path, folder, name, shared.options.fsync));
    this.placed.set(folder, join(folder, 'new', name));
  }

  private async move(folder: string): Promise<void> {
    const { file } = this;
    if (file === undefined) throw new Error('there is no file');
    const to = join(folder, 'new', this.name);
    await this.shared.within(folder, () => files.rename(file.path, to));
    this.file = undefined;
    this.placed.set(folder, to);
  }

  /** The message is in new/: it is delivered when the folder is on the disk, and taken back if that fails. */
  private async confirm(folder: string, answers: Map<string, Reply>): Promise<void> {
    await this.attempt(folder, answers, () => this.shared.settle(folder));
    if (answers.has(folder)) await this.takeBack(folder);
    else answers.set(folder, delivered(`stored as ${this.envelope.id}`));
  }

  /** Does something for one mailbox; a failure becomes the answer to its recipients. */
  private async attempt(folder: string, answers: Map<string, Reply>, operation: () => Promise<void>): Promise<void> {
    try {
      if (this.state === 'open') await operation();
      else answers.set(folder, FAILED);
    } catch (error) {
      answers.set(folder, replyTo(error));
      this.shared.logger.error(
        { error, transaction: this.envelope.id, mailbox: folder },
        'maildir: a message could not be stored',
      );
    }
  }

  private async takeBack(folder: string): Promise<void> {
    const path = this.placed.get(folder);
    this.placed.delete(folder);
    if (path !== undefined) await removeFile(path);
  }

  private async removeFile(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.remove();
  }

  /** Takes back everything. What cannot be removed is left to the log and to the next start. */
  private async cleanUp(): Promise<void> {
    this.forget();
    const removals = [this.removeFile(), ...[...this.placed.keys()].map((folder) => this.takeBack(folder))];
    for (const removal of await Promise.allSettled(removals)) {
      if (removal.status === 'fulfilled') continue;
      this.shared.logger.error(
        { error: removal.reason, transaction: this.envelope.id },
        'maildir: an aborted message could not be removed',
      );
    }
  }

  private forget(): void {
    this.shared.memoryInUse -= this.counted;
    this.counted = 0;
    this.gathered = undefined;
  }

  private work<T>(operation: () => Promise<T>): Promise<T> {
    const working = operation();
    this.busy = working;
    return working;
  }

  private expectOpen(): void {
    if (this.state !== 'open') throw new BodyAborted('the transaction was aborted');
  }
}

function replyTo(error: unknown): Reply {
  return isErrno(error, 'ENOSPC', 'EDQUOT') ? DISK_FULL : FAILED;
}
