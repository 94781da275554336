/** The good clients of a soak. Each resolves when its session is over; what they find wrong they throw. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as secure } from 'node:tls';
import { Client } from '../client';
import { ANN, type SecurePlace } from '../secure-place';

/** What the server was asked for and has said. */
export class Ledger {
  /** Numbers of the messages that were answered 250. */
  readonly accepted = new Set<number>();
  sessions = 0;
  private last = 0;

  /** A message that there is once: its number, and itself as mail data, the final dot left out. */
  next(): { readonly number: number; readonly text: string } {
    const number = ++this.last;
    return { number, text: `Subject: soak\r\nX-Soak: ${number};\r\n\r\n${LINE.repeat(1 + (number % 60))}` };
  }
}

export type Kind = (at: SecurePlace, ledger: Ledger) => Promise<void>;

const LINE = `${'x'.repeat(70)}\r\n`;

/** AUTH with a password. */
export const plain = (name: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${name}\0${password}`).toString('base64')}`;

async function send(client: Client, ledger: Ledger): Promise<void> {
  const { number, text } = ledger.next();
  await client.data();
  await client.expect(250, `${text}.`);
  ledger.accepted.add(number);
}

/** A transaction in one go, its message in two chunks. */
async function sendChunks(client: Client, ledger: Ledger): Promise<void> {
  const { number, text } = ledger.next();
  const half = Math.floor(text.length / 2);
  const [one, other] = [text.slice(0, half), text.slice(half)];
  client.write('MAIL FROM:<me@example.net>\r\nRCPT TO:<you@example.org>\r\n');
  client.write(`BDAT ${one.length}\r\n${one}BDAT ${other.length} LAST\r\n${other}`);
  for (let i = 0; i < 4; i++) await client.expect(250);
  ledger.accepted.add(number);
}

/** Encrypted by STARTTLS, and greeted. */
export async function secured(at: SecurePlace, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port: at.port('starttls'), host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  const clear = Client.over(socket);
  await clear.expect(220);
  await clear.expect(250, 'EHLO client.example');
  await clear.expect(220, 'STARTTLS');
  const tls = secure({ socket: clear.socket, ca: readFileSync(at.ca), servername: 'localhost' });
  const client = Client.over(tls);
  await client.expect(250, 'EHLO client.example');
  return client;
}

const messages: Kind = async (at, ledger) => {
  const client = await Client.greeted(at.port('starttls'));
  for (let i = 0; i < 3; i++) await send(client, ledger);
  await client.expect(221, 'QUIT');
};

const submission: Kind = async (at, ledger) => {
  const client = await secured(at);
  await client.expect(235, plain(ANN.name, ANN.password));
  await send(client, ledger);
  await client.expect(221, 'QUIT');
  client.socket.destroy();
};

const chunks: Kind = async (at, ledger) => {
  const client = await Client.greeted(at.port('starttls'));
  for (let i = 0; i < 3; i++) await sendChunks(client, ledger);
  await client.expect(221, 'QUIT');
};

/** TLS from the first octet. */
const implicit: Kind = async (at, ledger) => {
  const socket = secure({
    port: at.port('implicit'),
    host: '127.0.0.1',
    ca: readFileSync(at.ca),
    servername: 'localhost',
  });
  await once(socket, 'secureConnect');
  const client = Client.over(socket);
  await client.expect(220);
  await client.expect(250, 'EHLO client.example');
  await client.expect(235, plain(ANN.name, ANN.password));
  await send(client, ledger);
  await sendChunks(client, ledger);
  await client.expect(221, 'QUIT');
  client.socket.destroy();
};

export const GOOD: readonly Kind[] = [messages, submission, chunks, implicit];
