/**
 * Attack A14, smtp-server issue 229: the client resets or ends its side after every byte of a session.
 * Only that session ends, what was not answered 250 is not delivered, and the server goes on.
 */
import { settle, turn, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';

/** A session with a message by DATA and one by BDAT: what the client sends in one go, and how many replies it then waits for. */
const SESSION: readonly { readonly bytes: string; readonly replies: number }[] = [
  { bytes: 'EHLO client.example.net\r\n', replies: 1 },
  { bytes: 'MAIL FROM:<one@example.net>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n', replies: 3 },
  { bytes: 'Subject: one\r\n\r\n..x\r\n.\r\n', replies: 1 },
  { bytes: 'MAIL FROM:<two@example.net>\r\nRCPT TO:<user@example.org>\r\nBDAT 7\r\nfirst\r\n', replies: 3 },
  { bytes: 'BDAT 8 LAST\r\nsecond\r\n', replies: 1 },
  { bytes: 'QUIT\r\n', replies: 1 },
];
const LENGTH = SESSION.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Where each message is complete: from that byte on it may be delivered, and before it must not. */
const COMPLETE = [endOf(2), endOf(4)];

function endOf(group: number): number {
  return SESSION.slice(0, group + 1).reduce((sum, { bytes }) => sum + bytes.length, 0);
}

async function talk(server: TestServer, length: number, leave: 'reset' | 'end'): Promise<void> {
  const client = server.client();
  await client.reply();
  let left = length;
  for (const { bytes, replies } of SESSION) {
    client.write(bytes.slice(0, left));
    left -= bytes.length;
    if (left < 0) break;
    for (let i = 0; i < replies; i++) await client.reply();
    if (left === 0) break;
  }
  await turn();
  if (leave === 'end') {
    client.stream.end();
    await client.ended();
  } else {
    client.reset();
  }
  await settle();
}

describe.each(['memory', 'tcp'] as const)('A14 over %s', (transport) => {
  it.each(['reset', 'end'] as const)(
    'a client that is gone (%s) after any byte',
    async (leave) => {
      const server = await everything({ transport, limits: { connections: 1000, connectionsPerAddress: 1000 } });
      for (let length = 0; length <= LENGTH; length++) {
        const before = server.messages.length;
        await talk(server, length, leave);
        while (server.server.sessions > 0) await turn();
        const delivered = server.messages.slice(before);
        // What is complete may have been committed even if nobody was there to hear it; what is not may not.
        expect({ length, froms: delivered.map(({ from }) => from) }).toEqual({
          length,
          froms: ['one@example.net', 'two@example.net'].slice(0, COMPLETE.filter((end) => length >= end).length),
        });
      }
      expect(server.eventsOf('sessionClosed')).toHaveLength(LENGTH + 1);
      expect(server.eventsOf('faultCaught')).toEqual([]);
      expect(
        server.eventsOf('transactionEnded').filter(({ args }) => args[1].end === 'aborted').length,
      ).toBeGreaterThan(0);
      await server.stop();
    },
    60_000,
  );
});
