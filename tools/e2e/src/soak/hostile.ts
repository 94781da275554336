/** The hostile clients of a soak. Bounded, each of them: it ends by itself, whatever the server does. None of them is owed a 250 for a message. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from '../client';
import type { SecurePlace } from '../secure-place';
import { plain, secured, type Kind } from './clients';

const TRANSACTION = 'EHLO client.example\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\n';
const SESSION = `${TRANSACTION}never\r\n.\r\n`;
/** Longer is not waited for: who is not let go by then goes. */
const PATIENCE_MS = 5_000;

const random = (below: number): number => Math.floor(Math.random() * below);
const octets = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)));
const somePort = (at: SecurePlace): number => at.port(random(2) === 0 ? 'starttls' : 'implicit');

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

/** Unlike `once` it does not mind errors, which are ends like others. */
const seen = (socket: Socket, event: 'close' | 'drain') =>
  new Promise<void>((resolve) => void socket.once(event, () => resolve()));

/** Resolves when the connection is over, at the latest after a while, and then it is. */
async function over(socket: Socket): Promise<void> {
  const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
  if (!socket.closed) await seen(socket, 'close');
  clearTimeout(late);
}

/** Another name each time, from one of many networks that others are not in: those that guess are locked out. */
const guesser: Kind = async (at) => {
  const client = await secured(at, `127.1.${random(250)}.1`);
  client.write(`${plain(`nobody${Math.random()}@example.org`, 'wrong')}\r\n`);
  const reply = await client.reply();
  if (reply !== undefined && reply.code < 400) throw new Error(`a wrong password was answered ${reply.text}`);
  client.socket.destroy();
};

/** Gone in the middle, by a reset or half closed: before the end of its message. */
const dropper: Kind = async (at) => {
  const client = await Client.connect(at.port('starttls'), true);
  await client.expect(220);
  client.write(SESSION.slice(0, random(SESSION.length - 5)));
  if (random(2) === 0) {
    client.socket.end();
    await client.ended();
  }
  client.reset();
};

const garbage: Kind = async (at) => {
  const socket = await connected(somePort(at));
  socket.end(octets(300));
  await over(socket);
};

/** Neither TLS nor SMTP where a handshake is due. */
const garbageForTls: Kind = async (at) => {
  const client = await Client.connect(at.port('starttls'));
  await client.expect(220);
  await client.expect(250, 'EHLO client.example');
  await client.expect(220, 'STARTTLS');
  client.write(Buffer.concat([Buffer.from([22, 3, 1]), octets(200)]));
  client.socket.on('error', () => undefined);
  await over(client.socket);
};

/** A handshake that never goes on, and nothing said either. */
const halfOpen: Kind = async (at) => {
  const socket = await connected(somePort(at));
  socket.write(Buffer.from([22, 3, 1, 2, 0, 1]).subarray(0, random(7)));
  await wait(random(1000));
  socket.resetAndDestroy();
};

/** An octet now and then. */
const loris: Kind = async (at) => {
  const socket = await connected(at.port('starttls'));
  for (let i = 0; i < 30 && socket.writable; i++) {
    socket.write(TRANSACTION[i] ?? 'x');
    await wait(50);
  }
  socket.destroy();
};

/** A line without an end; mail data without one. */
const endless: Kind = async (at) => {
  const socket = await connected(at.port('starttls'));
  if (random(2) === 0) socket.write(TRANSACTION);
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let i = 0; i < 40 && socket.writable; i++) {
    if (!socket.write(piece)) await Promise.race([seen(socket, 'drain'), seen(socket, 'close'), wait(200)]);
  }
  socket.destroy();
};

/** Commands without end, whose replies nobody reads. */
const deaf: Kind = async (at) => {
  const socket = await connected(at.port('starttls'));
  socket.pause();
  socket.write('NOOP\r\nXYZZY\r\nEHLO c\r\n'.repeat(5000));
  await wait(200);
  socket.destroy();
};

/** Smuggling: what it announces is shorter than what it sends, and its ends are nearly ends. */
const smuggler: Kind = async (at) => {
  const client = await Client.greeted(at.port('starttls'));
  await client.data();
  const smuggled = 'MAIL FROM:<a@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\nSubject: smuggled\r\n';
  client.write(`Subject: x\r\n\r\nx${['\n.\r\n', '\r\n.\n', '\n.\n', '\r.\r\n'][random(4)]}${smuggled}.\r\n`);
  await client.expect(550);
  client.write('BDAT 5\x01\r\nRSET\r\nQUIT\r\n');
  await client.expect(500);
  await client.ended();
};

/** Many connections at once. */
const flood: Kind = async (at) => {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => connected(somePort(at))));
  await wait(100);
  for (const socket of sockets) if (random(2) === 0) socket.resetAndDestroy();
  for (const socket of sockets) socket.destroy();
};

export const HOSTILE: readonly Kind[] = [
  dropper,
  garbage,
  loris,
  smuggler,
  guesser,
  halfOpen,
  endless,
  dropper,
  garbageForTls,
  deaf,
  flood,
];
