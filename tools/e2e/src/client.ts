/** A raw SMTP client, for what no mail program would do. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One reply; `text` has all its lines, codes included. */
export interface Reply {
  readonly code: number;
  readonly text: string;
}

/** A reply was due, and the server had gone. */
export class ConnectionEnded extends Error {}

/** The last line of a reply, and what stands before it. */
const REPLY = /^(?:\d{3}-[^\r\n]*\r\n)*(\d{3})(?: [^\r\n]*)?\r\n/;

/** One connection. Replies are read in order; once the connection is gone, `reply` gives undefined. */
export class Client {
  private text = '';
  private over = false;
  private wake: () => void = () => undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.wake();
    });
    const end = (): void => {
      this.over = true;
      this.wake();
    };
    // A reset is an end like any other: what was answered before it is what counts.
    socket.on('error', end).on('end', end).on('close', end);
  }

  /** Connects and waits for the connection, not for the greeting. */
  static async connect(port: number, allowHalfOpen = false): Promise<Client> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen });
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** On a connection that is there, TLS too. */
  static over(socket: Socket): Client {
    return new Client(socket);
  }

  /** Connected, greeted, and EHLO said. */
  static async greeted(port: number): Promise<Client> {
    const client = await Client.connect(port);
    await client.expect(220);
    await client.expect(250, 'EHLO client.example.net');
    return client;
  }

  /** Sends octets as they are. */
  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The next reply; undefined if the connection ended first. One caller at a time. */
  async reply(): Promise<Reply | undefined> {
    for (;;) {
      const match = REPLY.exec(this.text);
      if (match !== null) {
        this.text = this.text.slice(match[0].length);
        return { code: Number(match[1]), text: match[0] };
      }
      if (this.over) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Sends a line (CRLF is added), if there is one, and reads a reply. @throws (rejects) if it has another code. */
  async expect(code: number, line?: string): Promise<Reply> {
    if (line !== undefined) this.write(`${line}\r\n`);
    const reply = await this.reply();
    if (reply === undefined)
      throw new ConnectionEnded(`expected ${code} to ${line ?? 'this'}, and the connection ended`);
    if (reply.code !== code) throw new Error(`expected ${code} to ${line ?? 'this'}, got ${reply.text}`);
    return reply;
  }

  /** MAIL, one RCPT and DATA, up to the 354. */
  async data(from = 'me@example.net', to = 'you@example.org'): Promise<void> {
    await this.expect(250, `MAIL FROM:<${from}>`);
    await this.expect(250, `RCPT TO:<${to}>`);
    await this.expect(354, 'DATA');
  }

  /** Resolves when the server has ended the connection, to whatever came and was not read. */
  async ended(): Promise<string> {
    while (!this.over) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.text;
  }

  /** Gone at once: the server sees a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}
