/**
 * The requests that are made of a store, each with a deadline, and tried again where that may help and can do no harm. A yes is only believed if it has
 * what every yes of a store has: not every 200 comes from one.
 *
 * The client, which has the credentials, is in a private field: nothing shows them.
 */
import type { Alarm, Clock } from '@mailverb/contract';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3Options } from './s3.options.js';
import { StoreError, storeError } from './store-error.js';

/** An object in the making. */
export interface NewObject {
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How long to wait before a request is tried again. */
export const PAUSE_MS = 200;

const QUIET = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

type Send<T> = (options: { readonly abortSignal: AbortSignal }) => Promise<T>;

/** One bucket. */
export class ObjectStore {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #agents: readonly HttpAgent[];
  /** What all new objects have. */
  readonly #kind: Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass'>;
  readonly #limits: Pick<S3Options, 'timeout' | 'maxAttempts' | 'checksum'>;
  readonly #clock: Clock;

  /** @param ca PEM of who signed the store's certificate. */
  constructor(options: S3Options, ca: Buffer | undefined, clock: Clock) {
    const { bucket, credentials, encryption, storageClass, timeout, maxAttempts, checksum } = options;
    this.bucket = bucket;
    this.#clock = clock;
    this.#limits = { timeout, maxAttempts, checksum };
    this.#kind = {
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.kind }),
      ...(encryption?.kind === 'aws:kms' && encryption.keyId !== undefined ? { SSEKMSKeyId: encryption.keyId } : {}),
      ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
    };
    const pool = { keepAlive: true, maxSockets: options.maxConnections };
    const httpAgent = new HttpAgent(pool);
    const httpsAgent = new HttpsAgent({ ...pool, ...(ca === undefined ? {} : { ca }) });
    this.#agents = [httpAgent, httpsAgent];
    this.#client = new S3Client({
      region: options.region,
      forcePathStyle: options.forcePathStyle,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(credentials === undefined
        ? {}
        : {
            credentials: {
              accessKeyId: credentials.accessKeyId,
              secretAccessKey: credentials.secretAccessKey,
              ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
            },
          }),
      // Tried again here, where it is known what can be.
      maxAttempts: 1,
      // Checksums are made here. Those that the SDK would add are not known to all stores.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
      followRegionRedirects: false,
      requestHandler: { httpAgent, httpsAgent, connectionTimeout: options.connectTimeout, logger: QUIET },
      logger: QUIET,
    });
  }

  /** Is the bucket there, and may we see it? @throws {StoreError} */
  async check(): Promise<void> {
    await this.#call('HeadBucket', (how) => this.#client.send(new HeadBucketCommand({ Bucket: this.bucket }), how), {});
  }

  /** Stores an object: when this resolves it is there, whole. @throws {StoreError} */
  async put({ key, contentType, metadata }: NewObject, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const input = {
      ...this.#kind,
      ...this.#checksumOf(bytes),
      Bucket: this.bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: contentType,
      Metadata: { ...metadata },
    };
    const stored = await this.#call('PutObject', (how) => this.#client.send(new PutObjectCommand(input), how), {
      signal,
    });
    mustHave('PutObject', stored.ETag);
  }

  /**
   * Begins an object of several parts; gives the id of the upload. Is not tried again, and can't be given up: an upload whose id nobody knows stays for ever.
   * @throws {StoreError}
   */
  async begin({ key, contentType, metadata }: NewObject): Promise<string> {
    const input = {
      ...this.#kind,
      ...(this.#limits.checksum === 'sha256' ? { ChecksumAlgorithm: 'SHA256' as const } : {}),
      Bucket: this.bucket,
      Key: key,
      ContentType: contentType,
      Metadata: { ...metadata },
    };
    const begun = await this.#call(
      'CreateMultipartUpload',
      (how) => this.#client.send(new CreateMultipartUploadCommand(input), how),
      { attempts: 1 },
    );
    return mustHave('CreateMultipartUpload', begun.UploadId);
  }

  /** Stores a part. @param number from 1. @throws {StoreError} */
  async putPart(
    key: string,
    upload: string,
    number: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<CompletedPart> {
    const checksum = this.#checksumOf(bytes);
    const input = {
      ...checksum,
      Bucket: this.bucket,
      Key: key,
      UploadId: upload,
      PartNumber: number,
      Body: bytes,
      ContentLength: bytes.length,
    };
    const stored = await this.#call('UploadPart', (how) => this.#client.send(new UploadPartCommand(input), how), {
      signal,
    });
    const part = { PartNumber: number, ETag: mustHave('UploadPart', stored.ETag) };
    return 'ChecksumSHA256' in checksum ? { ...part, ChecksumSHA256: checksum.ChecksumSHA256 } : part;
  }

  /** Makes an object of its parts. Is not tried again: the second answer would say nothing about the first. @throws {StoreError} */
  async complete(key: string, upload: string, parts: readonly CompletedPart[], signal: AbortSignal): Promise<void> {
    const input = { Bucket: this.bucket, Key: key, UploadId: upload, MultipartUpload: { Parts: [...parts] } };
    const made = await this.#call(
      'CompleteMultipartUpload',
      (how) => this.#client.send(new CompleteMultipartUploadCommand(input), how),
      { signal, attempts: 1 },
    );
    mustHave('CompleteMultipartUpload', made.ETag);
  }

  /** Takes back the parts of an upload that is not complete. @throws {StoreError} */
  async abandon(key: string, upload: string): Promise<void> {
    const input = { Bucket: this.bucket, Key: key, UploadId: upload };
    await this.#call(
      'AbortMultipartUpload',
      (how) => this.#client.send(new AbortMultipartUploadCommand(input), how),
      {},
    );
  }

  /** Takes away an object; it is no error if it is not there. @throws {StoreError} */
  async remove(key: string): Promise<void> {
    const input = { Bucket: this.bucket, Key: key };
    await this.#call('DeleteObject', (how) => this.#client.send(new DeleteObjectCommand(input), how), {});
  }

  /** Closes connections. */
  stop(): void {
    this.#client.destroy();
    for (const agent of this.#agents) agent.destroy();
  }

  #checksumOf(bytes: Uint8Array): { readonly ContentMD5: string } | { readonly ChecksumSHA256: string } {
    const { checksum } = this.#limits;
    const value = createHash(checksum).update(bytes).digest('base64');
    return checksum === 'md5' ? { ContentMD5: value } : { ChecksumSHA256: value };
  }

  async #call<T>(
    operation: string,
    send: Send<T>,
    { signal, attempts = this.#limits.maxAttempts }: { readonly signal?: AbortSignal; readonly attempts?: number },
  ): Promise<T> {
    let inDoubt = false;
    for (let left = attempts - 1; ; left--) {
      try {
        return await this.#inTime(operation, send, signal);
      } catch (error) {
        const fault = error instanceof StoreError ? error : storeError(error, operation);
        // What the first attempt may have done the second one's refusal does not undo.
        inDoubt ||= fault.inDoubt;
        if (left <= 0 || !fault.transient || signal?.aborted === true) {
          throw new StoreError(fault.fault, fault.facts, inDoubt);
        }
      }
      await this.#pause(signal);
    }
  }

  /** One attempt. Its end is waited for, but not beyond its time: the SDK can't be stopped while it looks for credentials. */
  #inTime<T>(operation: string, send: Send<T>, signal: AbortSignal | undefined): Promise<T> {
    const fault = (kind: 'timeout' | 'aborted', inDoubt: boolean): StoreError => {
      const facts = { operation, name: kind, words: 'no answer', status: undefined, requestId: undefined };
      return new StoreError(kind, facts, inDoubt);
    };
    if (signal?.aborted === true) return Promise.reject(fault('aborted', false));
    const request = new AbortController();
    return new Promise((resolve, reject) => {
      const giveUp = (kind: 'timeout' | 'aborted'): void => {
        reject(fault(kind, true));
        request.abort();
      };
      const abort = (): void => giveUp('aborted');
      const alarm = this.#clock.after(this.#limits.timeout, () => giveUp('timeout'));
      signal?.addEventListener('abort', abort);
      const done = (): void => {
        alarm.cancel();
        signal?.removeEventListener('abort', abort);
      };
      send({ abortSignal: request.signal }).then(resolve, reject).finally(done);
    });
  }

  #pause(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      let alarm: Alarm | undefined = undefined;
      const end = (): void => {
        alarm?.cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      alarm = this.#clock.after(PAUSE_MS, end);
      signal?.addEventListener('abort', end);
    });
  }
}

function mustHave(operation: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  const facts = {
    operation,
    name: 'NoAnswer',
    words: 'this is no answer of a store',
    status: 200,
    requestId: undefined,
  };
  throw new StoreError('refused', facts, true);
}

function silent(): void {}
