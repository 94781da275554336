/**
 * One message on its way into a bucket.
 *
 * The sidecar is stored before the message and taken away after it, so that there is never a message without one. What may have been stored although
 * the store said nothing, or no, is taken back before the client is told to come again.
 */
import {
  BodyAborted,
  SmtpError,
  delivered,
  isPromise,
  outcomes,
  type Body,
  type Clock,
  type DeliveryContext,
  type DeliveryTransaction,
  type Envelope,
  type Logger,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { pump } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { envelopeJson } from './envelope-json.js';
import type { KeyTemplate } from './object-key.js';
import type { NewObject, ObjectStore } from './object-store.js';
import type { S3Options } from './s3.options.js';
import { StoreError } from './store-error.js';
import { OutOfMemory, Upload, type Memory } from './upload.js';

const TOO_MANY = reply(452, '4.5.3', 'too many recipients for one message here, send it to these first');
const NO_ROOM = reply(452, '4.3.1', 'too many messages at once, try again later');
const FAILED = reply(451, '4.3.0', 'the message was not stored, try again later');

/** S3 takes 2 KiB of metadata, names included. */
const METADATA_NAME = 'mailverb-envelope';
const METADATA_ROOM = 2048 - 'x-amz-meta-'.length - METADATA_NAME.length;

/** What all transactions of one strategy share. */
export interface Shared extends Pick<S3Options, 'envelope' | 'partSize'> {
  readonly store: ObjectStore;
  readonly keys: KeyTemplate;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Mail {
  readonly envelope: Envelope;
  readonly session: Session;
  readonly context: DeliveryContext;
}

/** See {@link DeliveryTransaction}. */
export class S3Transaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private readonly cancel = new AbortController();
  private readonly key: string;
  private upload: Upload | undefined = undefined;
  /** True if there is a sidecar, or may be. */
  private sidecar = false;
  /** What is under way at the store. */
  private busy: Promise<unknown> | undefined = undefined;
  private done = false;

  constructor(
    private readonly shared: Shared,
    private readonly mail: Mail,
  ) {
    this.key = shared.keys.next(mail.envelope.id, shared.clock.now());
  }

  recipient(recipient: Recipient): Reply | undefined {
    if (this.cancel.signal.aborted) return FAILED;
    if (this.shared.envelope === 'metadata' && this.json([...this.taken, recipient]).length > METADATA_ROOM) {
      return TOO_MANY;
    }
    this.taken.push(recipient);
    return undefined;
  }

  async body(body: Body): Promise<void> {
    this.expectOpen();
    const { store, partSize, memory } = this.shared;
    const upload = new Upload(store, this.message(), partSize, memory, this.cancel.signal);
    this.upload = upload;
    try {
      await pump(body, (chunk) => this.append(upload, chunk));
    } catch (error) {
      // An abort follows; until then it should not be in anybody's way.
      upload.forget();
      if (!(error instanceof StoreError) && !(error instanceof OutOfMemory)) throw error;
      this.expectOpen();
      throw new SmtpError(this.blame(error), 'the message could not be sent to the store');
    }
  }

  async commit(): Promise<readonly Outcome[]> {
    this.expectOpen();
    const { upload } = this;
    if (upload === undefined) throw new Error('s3 was told to commit without a body');
    const { signal } = this.mail.context;
    const forward = (): void => this.cancel.abort();
    if (signal.aborted) forward();
    signal.addEventListener('abort', forward);
    const storing = this.store(upload).finally(() => signal.removeEventListener('abort', forward));
    this.busy = storing;
    return outcomes(this.taken, await storing);
  }

  async abort(): Promise<void> {
    if (this.done) return;
    this.cancel.abort();
    // Whatever is under way fails or succeeds for whoever waits for it; here it only has to be over.
    await this.busy?.then(undefined, () => undefined);
    await this.discard();
  }

  private append(upload: Upload, chunk: Uint8Array): MaybePromise<void> {
    this.expectOpen();
    const appended = upload.append(chunk);
    if (isPromise(appended)) this.busy = Promise.resolve(appended);
    return appended;
  }

  /** Gives the reply. Rejects only if it was aborted; nothing is left then. */
  private async store(upload: Upload): Promise<Reply> {
    const { envelope } = this.shared;
    try {
      if (envelope === 'sidecar') await this.storeSidecar(upload);
      await upload.finish();
      // An abort may have come too late to keep it from being stored.
      this.expectOpen();
      this.done = true;
      return delivered(`stored as ${this.mail.envelope.id}`);
    } catch (error) {
      await this.discard();
      this.expectOpen();
      return this.blame(error);
    }
  }

  private async storeSidecar({ size, object }: Upload): Promise<void> {
    const json = this.json(this.taken, { size, object: object.key });
    const sidecar = { key: `${this.key}.json`, contentType: 'application/json', metadata: {} };
    this.sidecar = true;
    try {
      await this.shared.store.put(sidecar, Buffer.from(json, 'latin1'), this.cancel.signal);
    } catch (error) {
      this.sidecar = !(error instanceof StoreError) || error.inDoubt;
      throw error;
    }
  }

  /** Takes back everything. What can't be taken back is left to the log. */
  private async discard(): Promise<void> {
    const { upload, sidecar } = this;
    const { store } = this.shared;
    this.upload = undefined;
    this.sidecar = false;
    try {
      await upload?.discard();
      if (sidecar) await store.remove(`${this.key}.json`);
    } catch (error) {
      this.log(error, 's3: what was stored of a message could not be taken back');
    }
  }

  private blame(error: unknown): Reply {
    this.log(error, 's3: a message could not be stored');
    if (error instanceof OutOfMemory) return NO_ROOM;
    return error instanceof StoreError ? error.reply : FAILED;
  }

  private log(error: unknown, message: string): void {
    const facts = error instanceof StoreError ? { fault: error.fault, ...error.facts } : { error };
    const { bucket } = this.shared.store;
    this.shared.logger.warn({ ...facts, bucket, key: this.key, transaction: this.mail.envelope.id }, message);
  }

  private message(): NewObject {
    const metadata: Record<string, string> = {};
    if (this.shared.envelope === 'metadata') metadata[METADATA_NAME] = this.json(this.taken);
    return { key: `${this.key}.eml`, contentType: 'message/rfc822', metadata };
  }

  private json(recipients: readonly Recipient[], more: Readonly<Record<string, unknown>> = {}): string {
    return envelopeJson(this.mail.envelope, this.mail.session, recipients, more);
  }

  private expectOpen(): void {
    if (this.cancel.signal.aborted) throw new BodyAborted('the transaction was aborted');
  }
}
