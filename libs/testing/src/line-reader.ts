/** Reads reply lines from the client's end of a connection. */
import type { Duplex } from 'node:stream';

/**
 * The lines that a server sends, one at a time. It reads all the time, so that a server never waits for the test, and it survives
 * a reset: an end is an end.
 */
export class LineReader {
  private readonly lines: string[] = [];
  private head = 0;
  private partial = '';
  private over = false;
  private waiting: ((line: string | undefined) => void) | undefined;

  constructor(stream: Duplex) {
    // latin1 keeps every byte; a reply has only ASCII, and whatever else comes is to be seen as it is.
    stream.on('data', (chunk: Buffer) => this.take(chunk.toString('latin1')));
    stream.on('end', () => this.end());
    stream.on('close', () => this.end());
    stream.on('error', () => this.end());
  }

  /** True once the server has ended its side (lines may be left). */
  get ended(): boolean {
    return this.over;
  }

  /** The next line without its CRLF; bytes that no CRLF ended count as a line too; undefined at the end. One caller at a time. */
  async line(): Promise<string | undefined> {
    return this.now() ?? (this.over ? undefined : this.wait());
  }

  /** The next line if it is here. */
  now(): string | undefined {
    const line = this.lines[this.head];
    if (line === undefined) return undefined;
    this.head++;
    if (this.head > 1000 && this.head * 2 > this.lines.length) {
      this.lines.splice(0, this.head);
      this.head = 0;
    }
    return line;
  }

  private wait(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  private take(text: string): void {
    // Only CRLF ends a reply line; a bare LF stays in it and is seen as a difference.
    const pieces = (this.partial + text).split('\r\n');
    this.partial = pieces.pop() ?? '';
    for (const piece of pieces) this.lines.push(piece);
    this.serve();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    if (this.partial !== '') this.lines.push(this.partial);
    this.partial = '';
    this.serve();
  }

  private serve(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    const line = this.now();
    if (line === undefined && !this.over) return;
    this.waiting = undefined;
    waiting(line);
  }
}
