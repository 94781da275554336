/** A small scripted client: a line goes out, a reply comes in. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { within } from '../event-loop.js';
import { LineReader } from '../line-reader.js';

/** A reply as a client reads it. */
export interface ClientReply {
  readonly code: number;
  /** The text of each line, without code and separator. */
  readonly lines: readonly string[];
}

/** A client for tests that need more than a conversation file can say. */
export class TestClient {
  private readonly reader: LineReader;

  constructor(
    /** The client's end of the connection, for whatever else a test wants to do to it. */
    readonly stream: Duplex,
  ) {
    this.reader = new LineReader(stream);
  }

  /** Sends a line; CRLF is added. */
  send(line: string): void {
    this.write(`${line}\r\n`);
  }

  /** Sends bytes as they are. */
  write(bytes: string | Uint8Array): void {
    this.stream.write(bytes);
  }

  /** The next reply. @throws (rejects) if the connection ends first, if what comes is no reply, or if nothing comes. */
  async reply(): Promise<ClientReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      const match = /^(\d{3})([- ])(.*)$/.exec(line);
      if (match === null) throw new Error(`this is no reply line: ${JSON.stringify(line)}`);
      lines.push(match[3] ?? '');
      if (match[2] === ' ') return { code: Number(match[1]), lines };
    }
  }

  /** Sends a line and gives the reply to it. */
  command(line: string): Promise<ClientReply> {
    this.send(line);
    return this.reply();
  }

  /** Sends lines one after another, each after the reply to the one before; gives the codes. */
  async commands(...lines: readonly string[]): Promise<readonly number[]> {
    const codes: number[] = [];
    for (const line of lines) codes.push((await this.command(line)).code);
    return codes;
  }

  /** A whole session up to the 354: greeting, EHLO, MAIL, RCPT for each recipient, DATA. @throws (rejects) at the first refusal. */
  async untilData(from: string, ...to: readonly string[]): Promise<void> {
    await this.expect(220, this.reply());
    await this.expect(250, this.command('EHLO client.example.net'));
    await this.expect(250, this.command(`MAIL FROM:<${from}>`));
    for (const recipient of to) await this.expect(250, this.command(`RCPT TO:<${recipient}>`));
    await this.expect(354, this.command('DATA'));
  }

  /** Resolves when the server has ended the connection, to the lines that were still to come. */
  async ended(): Promise<readonly string[]> {
    const rest: string[] = [];
    for (;;) {
      const line = await within(this.reader.line(), () => new Error('the server does not end the connection'));
      if (line === undefined) return rest;
      rest.push(line);
    }
  }

  /** Is gone at once: the server sees a reset. */
  reset(): void {
    const { stream } = this;
    if ('resetAndDestroy' in stream && typeof stream.resetAndDestroy === 'function') stream.resetAndDestroy();
    else stream.destroy();
  }

  /** Destroys the connection and waits until that is done; the server sees the end of the data. */
  async close(): Promise<void> {
    if (this.stream.closed) return;
    const closed = once(this.stream, 'close');
    this.stream.destroy();
    await closed;
  }

  private async line(): Promise<string> {
    const line = await within(this.reader.line(), () => new Error('no reply came'));
    if (line === undefined) throw new Error('the connection ended, and a reply was due');
    return line;
  }

  private async expect(code: number, coming: Promise<ClientReply>): Promise<void> {
    const reply = await coming;
    if (reply.code !== code) throw new Error(`expected ${code}, got ${reply.code} ${reply.lines.join(' / ')}`);
  }
}
