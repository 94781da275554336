/** What a program writes: its beginning is kept, the rest is read and dropped, and beyond a bound nobody listens any more. */
import type { Readable } from 'node:stream';

/** Octets that are kept for the log and for the reply. */
const KEPT = 2048;

/** Standard output and standard error of one program, as one text. */
export class ProgramOutput {
  /** Resolves when both have been closed, by the program or by us. */
  readonly closed: Promise<unknown>;
  private readonly chunks: Buffer[] = [];
  private kept = 0;
  private octets = 0;
  private readonly streams: readonly Readable[];

  /** @param bound octets after which both are closed; the program hears of it as of a broken pipe. */
  constructor(
    streams: readonly (Readable | null)[],
    private readonly bound: number,
  ) {
    this.streams = streams.filter((stream) => stream !== null);
    this.closed = Promise.all(this.streams.map((stream) => this.listen(stream)));
  }

  /** The beginning; octets that are no UTF-8 are replaced. */
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8').trim();
  }

  /** True if there was more than anybody wants to hear. */
  get excessive(): boolean {
    return this.octets > this.bound;
  }

  close(): void {
    for (const stream of this.streams) stream.destroy();
  }

  private listen(stream: Readable): Promise<void> {
    stream.on('data', (chunk: Buffer) => {
      this.octets += chunk.length;
      const start = chunk.subarray(0, KEPT - this.kept);
      // A copy: a piece of a few octets would hold on to the memory that it was read into.
      if (start.length > 0) this.chunks.push(Buffer.from(start));
      this.kept += start.length;
      if (this.excessive) this.close();
    });
    stream.on('error', () => undefined);
    return new Promise((resolve) => {
      stream.once('close', resolve);
    });
  }
}
