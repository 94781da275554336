/** Joins chunks into one piece of memory, copying each once as it comes: a chunk is only valid until the next is read. */

/** Bytes that grow at the end. */
export class ByteGatherer {
  private memory: Buffer;
  private used = 0;

  /** @param room octets to begin with: the size, where it is known. */
  constructor(room = 4096) {
    this.memory = Buffer.allocUnsafeSlow(room);
  }

  /** Octets so far. */
  get length(): number {
    return this.used;
  }

  append(chunk: Uint8Array): void {
    const needed = this.used + chunk.length;
    // Doubling: each byte is moved at most twice on average, whatever the size of the chunks.
    if (needed > this.memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.memory.length * 2));
      larger.set(this.memory.subarray(0, this.used));
      this.memory = larger;
    }
    this.memory.set(chunk, this.used);
    this.used = needed;
  }

  /** What was gathered: a view, valid until the next `append` or `clear`. */
  view(): Uint8Array {
    return this.memory.subarray(0, this.used);
  }

  /** Forgets the bytes and keeps the memory. */
  clear(): void {
    this.used = 0;
  }
}
