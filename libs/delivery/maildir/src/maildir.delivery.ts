/**
 * Stores messages in Maildirs: tmp/ → write → fsync → rename into new/ → fsync of new/ → 250.
 *
 * Never a lock, never a half message in new/, and nothing that was answered 250 missing after a crash.
 */
import {
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Session,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { files } from './files.js';
import { Mailboxes } from './mailboxes.js';
import type { MaildirOptions } from './maildir.options.js';
import { MaildirTransaction } from './maildir.transaction.js';
import { isMaildir } from './message-file.js';
import { removeStale } from './stale-files.js';

/** Stores messages in one Maildir, or in one for each recipient. */
@injectable()
export class MaildirDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: 'disk' | 'memory';
  private readonly mailboxes: Mailboxes;

  constructor(
    @inject(Options) private readonly options: MaildirOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.durability = options.fsync ? 'disk' : 'memory';
    this.mailboxes = new Mailboxes(options, logger, clock);
  }

  async start(): Promise<void> {
    const { root } = this.mailboxes;
    const { layout, create, staleAfter } = this.options;
    if (layout === 'shared') {
      if (create) await this.mailboxes.make(root);
      else if (!(await isMaildir(root))) throw new Error(`${root} is no Maildir (and the option create is false)`);
    } else {
      if (create) await this.mailboxes.makeRoot();
      // Throws unless it is a folder that can be read.
      await files.list(root);
    }
    const removed = await removeStale(root, layout, this.clock.now() - staleAfter);
    if (removed > 0) this.logger.info({ path: root, removed }, 'maildir: removed stale temporary files');
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    return new MaildirTransaction(this.mailboxes, envelope, session.listener.hostname, context);
  }
}
