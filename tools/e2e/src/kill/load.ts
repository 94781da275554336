/** Clients that send as fast as they are answered, until the server is gone; they remember what was answered 250. */
import { Client, ConnectionEnded } from '../client';
import { messageOf } from './message';

/** Who gets the next number, and where is written down what the server took responsibility for. */
export interface Ledger {
  next(): number;
  answered(id: number): void;
}

/** Small pieces let a kill fall into the middle of a message. */
const PIECE = 16 * 1024;

/** One session, by DATA or by BDAT; resolves when the connection has ended. */
export async function load(port: number, ledger: Ledger, by: 'DATA' | 'BDAT'): Promise<void> {
  try {
    const client = await Client.greeted(port);
    for (;;) {
      const id = ledger.next();
      await (by === 'DATA' ? sendData(client, id) : sendChunks(client, id));
      const reply = await client.reply();
      if (reply === undefined) return;
      if (reply.code !== 250) throw new Error(`message ${id} was answered ${reply.text}`);
      ledger.answered(id);
    }
  } catch (error) {
    // The end of the connection is what all this is for; a wrong reply is not.
    if (!(error instanceof ConnectionEnded)) throw error;
  }
}

async function sendData(client: Client, id: number): Promise<void> {
  await client.data();
  const text = messageOf(id).toString('latin1').replace(/^\./gm, '..');
  await pour(client, Buffer.from(`${text}.\r\n`, 'latin1'));
}

async function sendChunks(client: Client, id: number): Promise<void> {
  await client.expect(250, 'MAIL FROM:<me@example.net>');
  await client.expect(250, 'RCPT TO:<you@example.org>');
  const message = messageOf(id);
  const half = message.length >> 1;
  client.write(`BDAT ${half}\r\n`);
  await pour(client, message.subarray(0, half));
  await client.expect(250);
  client.write(`BDAT ${message.length - half} LAST\r\n`);
  await pour(client, message.subarray(half));
}

async function pour(client: Client, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    // The callback comes when the system took it, or when the connection has ended.
    await new Promise<void>((resolve) => client.socket.write(piece, () => resolve()));
  }
}
