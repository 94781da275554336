/**
 * Puts each message into a bucket of an S3-compatible store, and its envelope beside it.
 *
 * Nobody sees anything of a message before it is committed: small ones are sent then, and of large ones the parts are put together.
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
import { readFile } from 'node:fs/promises';
import { inject, injectable } from 'tsyringe';
import { KeyTemplate } from './object-key.js';
import { ObjectStore } from './object-store.js';
import type { S3Options } from './s3.options.js';
import { S3Transaction, type Shared } from './s3.transaction.js';

/** Puts messages into a bucket. */
@injectable()
export class S3Delivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly wholeMessage: boolean;
  // Private to the engine, and not only to the compiler: credentials are among them.
  readonly #options: S3Options;
  #shared: Shared | undefined = undefined;

  constructor(
    @inject(Options) options: S3Options,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.#options = options;
    this.wholeMessage = options.hold;
  }

  /** Asks nobody anything, unless that is wanted: the store may start later than this server. */
  async start(): Promise<void> {
    const { ca, check, envelope, key, maxMemory, partSize } = this.#options;
    const store = new ObjectStore(this.#options, ca === undefined ? undefined : await readFile(ca), this.clock);
    this.#shared = {
      store,
      envelope,
      partSize,
      keys: new KeyTemplate(key),
      memory: { inUse: 0, limit: maxMemory },
      clock: this.clock,
      logger: this.logger,
    };
    if (!check) return;
    try {
      await store.check();
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown';
      throw new Error(`the bucket ${store.bucket} can not be used: ${why}`, { cause: error });
    }
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    if (this.#shared === undefined) throw new Error('s3 was not started');
    return new S3Transaction(this.#shared, { envelope, session, context });
  }

  stop(): void {
    this.#shared?.store.stop();
  }
}
