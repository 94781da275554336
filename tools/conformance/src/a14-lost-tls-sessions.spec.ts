/**
 * Attack A14, with STARTTLS, AUTH and a message by DATA and one by BDAT: the client is gone after every octet that it sends on the wire. What is delivered is
 * what had come whole, in the records of TLS too; only that session ends.
 */
import type { Duplex } from 'node:stream';
import { TestClient, memoryPair, settle, turn, type TestServer } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { secure } from './server.js';
import { usersPlugin } from './users.js';

type Leave = 'reset' | 'end';

/** The client's end of a connection of which so many octets of the client get through, and then it is gone. */
class Cut {
  readonly client: Duplex;
  /** Octets that the client has sent. */
  sent = 0;

  constructor(server: Duplex, octets: number, leave: Leave) {
    const [client, ours] = memoryPair();
    this.client = client;
    client.on('error', () => undefined);
    ours.on('error', () => undefined);
    server.on('data', (chunk: Buffer) => ours.writable && ours.write(chunk));
    server.on('close', () => ours.destroy());
    ours.on('data', (chunk: Buffer) => {
      const through = chunk.subarray(0, Math.max(0, octets - this.sent));
      this.sent += chunk.length;
      if (server.writable && through.length > 0) server.write(through);
      if (this.sent < octets || !server.writable) return;
      if (leave === 'end') server.end();
      // What the reset overtakes has never come.
      else void settle(5).then(() => reset(server));
    });
    ours.on('end', () => server.writable && server.end());
  }
}

function reset(stream: Duplex): void {
  if ('resetAndDestroy' in stream && typeof stream.resetAndDestroy === 'function') stream.resetAndDestroy();
}

/** What a session does once it is encrypted: what it sends in one go, and the codes it then hears. */
const WITHIN: readonly { readonly bytes: string; readonly codes: readonly number[] }[] = [
  { bytes: 'EHLO client.example.net\r\n', codes: [250] },
  { bytes: 'AUTH PLAIN AGFubgBzZWNyZXQ=\r\n', codes: [235] },
  { bytes: 'MAIL FROM:<one@example.net>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n', codes: [250, 250, 354] },
  { bytes: 'Subject: one\r\n\r\n..x\r\n.\r\n', codes: [250] },
  {
    bytes: 'MAIL FROM:<two@example.net>\r\nRCPT TO:<user@example.org>\r\nBDAT 8 LAST\r\nsecond\r\n',
    codes: [250, 250, 250],
  },
  { bytes: 'QUIT\r\n', codes: [221] },
];
/** The groups at whose end a message is whole. */
const WHOLE = [3, 4];

/** Holds the session as far as it goes. @returns how many octets had been sent when each group within TLS had. */
async function talk(server: TestServer, octets: number, leave: Leave): Promise<readonly number[]> {
  const cut = new Cut(server.connect(), octets, leave);
  const ends: number[] = [];
  let socket: Duplex = cut.client;
  const hold = async () => {
    const clear = new TestClient(cut.client);
    await clear.reply();
    await clear.commands('EHLO client.example.net', 'STARTTLS');
    socket = await secure(cut.client);
    const client = new TestClient(socket);
    for (const { bytes, codes } of WITHIN) {
      client.write(bytes);
      const heard: number[] = [];
      while (heard.length < codes.length) heard.push((await client.reply()).code);
      expect(heard).toEqual(codes);
      ends.push(cut.sent);
    }
  };
  // Gone is gone, wherever: nobody waits for what will not come.
  await Promise.race([hold().catch(() => undefined), gone(server)]);
  socket.destroy();
  cut.client.destroy();
  while (server.server.sessions > 0) await turn();
  await settle(1);
  return ends;
}

/** Resolves when the session that is going on has ended. */
async function gone(server: TestServer): Promise<void> {
  const before = server.eventsOf('sessionClosed').length;
  while (server.eventsOf('sessionClosed').length === before) await turn();
  await settle(2);
}

describe('A14 within TLS', () => {
  it.each(['reset', 'end'] as const)(
    'a client that is gone (%s) after any octet',
    async (leave) => {
      const running = () =>
        everything({
          tls: 'starttls',
          plugins: [...EVERYTHING, usersPlugin({ ann: 'secret' })],
          limits: { connections: 5000, connectionsPerAddress: 5000 },
        });
      let server = await running();
      const ends = await talk(server, Infinity, leave);
      expect(ends).toHaveLength(WITHIN.length);
      expect(server.messages).toHaveLength(2);
      const length = ends.at(-1) ?? 0;
      const whole = WHOLE.map((group) => ends[group] ?? Infinity);
      for (let octets = 0; octets <= length; octets++) {
        // Observers remember everything.
        if (octets % 100 === 99) {
          await server.stop();
          server = await running();
        }
        const [messages, events] = [server.messages.length, server.events.length];
        await talk(server, octets, leave);
        const froms = server.messages.slice(messages).map(({ from }) => from);
        const expected = ['one@example.net', 'two@example.net'].slice(0, whole.filter((end) => octets >= end).length);
        expect({ octets, froms }).toEqual({ octets, froms: expected });
        expect(server.events.slice(events).filter(({ type }) => type === 'faultCaught')).toEqual([]);
      }
      await server.stop();
    },
    120_000,
  );
});
