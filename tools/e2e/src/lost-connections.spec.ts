/**
 * Attack A14 over real sockets: a client that is reset, or ends its side, after some octet of a session. Only that session ends,
 * no unfinished message is stored, and the server goes on.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { names, stored, trace } from './maildir';
import { LISTENERS, MailServer } from './server';

/** What a client sends in one go, and how many replies it waits for before it goes on. */
const SESSION: readonly (readonly [string, number])[] = [
  ['EHLO client.example.net\r\n', 1],
  ['MAIL FROM:<one@example.net>\r\nRCPT TO:<you@example.org>\r\nDATA\r\n', 3],
  ['Subject: one\r\n\r\n..\r\n.\r\n', 1],
  ['MAIL FROM:<two@example.net>\r\nRCPT TO:<you@example.org>\r\nBDAT 16\r\nSubject: two\r\n\r\n', 3],
  ['BDAT 5 LAST\r\nbye\r\n', 1],
  ['QUIT\r\n', 1],
];
const MESSAGES = ['Subject: one\r\n\r\n.\r\n', 'Subject: two\r\n\r\nbye\r\n'];

const LENGTH = SESSION.reduce((sum, [bytes]) => sum + bytes.length, 0);
const lengthOf = (groups: number): number => SESSION.slice(0, groups).reduce((sum, [bytes]) => sum + bytes.length, 0);
/** From this many octets on each message is complete: the server may store it, though nobody may be there to hear so. */
const COMPLETE = [lengthOf(3), lengthOf(5)];

/** Every octet of the parts where something ends, and every third of the rest. */
const POSITIONS = Array.from({ length: LENGTH + 1 }, (_, n) => n).filter(
  (n) => n % 3 === 0 || COMPLETE.some((end) => Math.abs(n - end) <= 6),
);

/** Sends that many octets of the session, leaves, and says how many messages it was told 250 for. */
async function talk(port: number, length: number, leave: 'reset' | 'end'): Promise<number> {
  const client = await Client.connect(port, true);
  await client.expect(220);
  let left = length;
  let taken = 0;
  for (const [group, [bytes, replies]] of SESSION.entries()) {
    client.write(bytes.slice(0, left));
    left -= bytes.length;
    if (left < 0) break;
    for (let n = 0; n < replies; n++) await client.reply();
    if (group === 2 || group === 4) taken++;
    if (left === 0) break;
  }
  if (leave === 'end') {
    client.socket.end();
    // The server ends its side too, or answers QUIT and does.
    await client.ended();
    client.socket.destroy();
  } else {
    client.reset();
    await once(client.socket, 'close');
  }
  return taken;
}

it.each(['reset', 'end'] as const)('A14: %s after an octet', async (leave) => {
  const path = folder();
  const maildir = join(path, 'mail');
  const server = await MailServer.start(path, {
    logger: { use: 'pino', level: 'error' },
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    delivery: { use: 'maildir', path: './mail', fsync: false },
    listeners: LISTENERS,
  });
  let told = 0;
  let possible = 0;
  for (const length of POSITIONS) {
    told += await talk(server.port, length, leave);
    possible += COMPLETE.filter((end) => length >= end).length;
  }
  // What is still under way when the last client has gone has ended when the server has.
  const client = await Client.greeted(server.port);
  await client.expect(221, 'QUIT');
  expect(await server.stop()).toBe(0);

  const messages = stored(maildir).map((file) => trace(file).message.toString());
  expect(messages.filter((message) => !MESSAGES.includes(message))).toEqual([]);
  expect(messages.length).toBeGreaterThanOrEqual(told);
  expect(messages.length).toBeLessThanOrEqual(possible);
  expect(told).toBeGreaterThan(10);
  expect(names(maildir, 'tmp')).toEqual([]);
  expect(server.logged()).toBe('');
});
