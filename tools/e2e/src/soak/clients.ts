/** The kinds of clients that a soak is made of. Each resolves when its session is over; what they find wrong they throw. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as secure } from 'node:tls';
import { Client } from '../client';
import { ANN, type SecurePlace } from '../secure-place';

/** What the server was asked for and has said. */
export interface Ledger {
  /** Whole messages that were answered 250. */
  accepted: number;
  sessions: number;
}

type Kind = (at: SecurePlace, ledger: Ledger) => Promise<void>;

const MESSAGE = `Subject: soak\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(50)}.`;
const SESSION =
  'EHLO client.example\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\nhello\r\n.\r\n';

const plain = (name: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${name}\0${password}`).toString('base64')}`;

async function send(client: Client, ledger: Ledger): Promise<void> {
  await client.data();
  await client.expect(250, MESSAGE);
  ledger.accepted++;
}

async function secured(at: SecurePlace, localAddress = '127.0.0.1'): Promise<Client> {
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

/** Another name each time, from one of many networks that others are not in: those that guess are locked out. */
const guesser: Kind = async (at) => {
  const client = await secured(at, `127.1.${Math.floor(Math.random() * 250)}.1`);
  client.write(`${plain(`nobody${Math.random()}@example.org`, 'wrong')}\r\n`);
  const reply = await client.reply();
  if (reply !== undefined && reply.code < 400) throw new Error(`a wrong password was answered ${reply.text}`);
  client.socket.destroy();
};

const dropper: Kind = async (at) => {
  const client = await Client.connect(at.port('starttls'), true);
  await client.expect(220);
  client.write(SESSION.slice(0, Math.floor(Math.random() * (SESSION.length - 5))));
  if (Math.random() < 0.5) {
    client.socket.end();
    await client.ended();
  }
  client.reset();
};

const garbage: Kind = async (at) => {
  const port = at.port(Math.random() < 0.5 ? 'starttls' : 'implicit');
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.end(Buffer.from(Array.from({ length: 300 }, () => Math.floor(Math.random() * 256))));
  await once(socket, 'close');
};

/** In turn; a guesser costs a check of a password and a delay, so there are few. */
export const KINDS: readonly Kind[] = [messages, submission, dropper, messages, garbage, dropper, submission, guesser];
