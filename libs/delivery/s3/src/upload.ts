/**
 * One message on its way into an object. Up to `partSize` it stays in memory, and is stored with one request when it is complete; what is longer goes in
 * parts of that size as it comes, of which nobody sees anything until they are put together.
 */
import type { MaybePromise } from '@mailverb/contract';
import { ByteGatherer } from '@mailverb/body';
import type { CompletedPart } from '@aws-sdk/client-s3';
import type { NewObject, ObjectStore } from './object-store.js';
import { StoreError } from './store-error.js';

/** How much memory all uploads of a strategy use together. */
export interface Memory {
  inUse: number;
  readonly limit: number;
}

/** There is no room for more of the message. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

const FIRST_ROOM = 64 * 1024;

/** See above. */
export class Upload {
  /** Octets so far. */
  size = 0;
  private gathered: ByteGatherer | undefined = undefined;
  private counted = 0;
  private id: string | undefined = undefined;
  private readonly parts: CompletedPart[] = [];
  /** True if the object is there, or may be. */
  private visible = false;

  constructor(
    private readonly store: ObjectStore,
    readonly object: NewObject,
    private readonly partSize: number,
    private readonly memory: Memory,
    private readonly signal: AbortSignal,
  ) {}

  /** Takes the next bytes of the message; what it needs of them is copied. @throws {OutOfMemory} {StoreError} */
  append(chunk: Uint8Array): MaybePromise<void> {
    this.size += chunk.length;
    // A full part is sent when there is more: so a message of exactly one part is one request.
    if (this.counted + chunk.length <= this.partSize) this.gather(chunk);
    else return this.appendInParts(chunk);
  }

  /** The message is complete: makes it visible. @throws {StoreError} */
  async finish(): Promise<void> {
    const { store, object, signal } = this;
    if (this.id !== undefined) await this.sendPart();
    this.visible = true;
    try {
      if (this.id !== undefined) await store.complete(object.key, this.id, this.parts, signal);
      else await store.put(object, this.gathered?.view() ?? new Uint8Array(0), signal);
      this.id = undefined;
    } catch (error) {
      this.visible = !(error instanceof StoreError) || error.inDoubt;
      throw error;
    }
    this.forget();
  }

  /** Takes back all that the store has of it, visible or not. Nothing of it may be under way. @throws {StoreError} */
  async discard(): Promise<void> {
    const { id, visible, store, object } = this;
    this.forget();
    this.id = undefined;
    this.visible = false;
    // First what nobody sees: it may still become an object.
    const abandoned = id === undefined ? undefined : await settled(store.abandon(object.key, id));
    if (visible) await store.remove(object.key);
    // Where the object was made of its parts, and taken away again, there is no upload any more.
    else if (abandoned !== undefined) throw abandoned;
  }

  /** Its memory is not needed any more. */
  forget(): void {
    this.gathered = undefined;
    this.count(-this.counted);
  }

  private gather(chunk: Uint8Array): void {
    const { memory } = this;
    if (memory.inUse + chunk.length > memory.limit) throw new OutOfMemory('there is no room for more of the message');
    this.gathered ??= new ByteGatherer(Math.min(this.partSize, Math.max(FIRST_ROOM, chunk.length)));
    this.gathered.append(chunk);
    this.count(chunk.length);
  }

  private async appendInParts(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      if (this.counted >= this.partSize) await this.sendPart();
      const piece = chunk.subarray(at, at + this.partSize - this.counted);
      this.gather(piece);
      at += piece.length;
    }
  }

  private async sendPart(): Promise<void> {
    const { store, object, gathered, signal } = this;
    if (gathered === undefined) return;
    this.id ??= await store.begin(object);
    const part = await store.putPart(object.key, this.id, this.parts.length + 1, gathered.view(), signal);
    this.parts.push(part);
    gathered.clear();
    this.count(-this.counted);
  }

  private count(octets: number): void {
    this.counted += octets;
    this.memory.inUse += octets;
  }
}

async function settled(work: Promise<void>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}
