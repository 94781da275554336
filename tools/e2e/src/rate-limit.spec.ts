/** Rate limits of a server of two processes: counted together in one LMDB file, over the restart of both, and never more than may pass. */
import { Client } from './client';
import { folder } from './folder';
import { freePort } from './free-port';
import { MailServer } from './server';

const MESSAGES = 25;
const BYTES_AT_ONCE = 4000;

const configuration = (port: number) => ({
  hostname: 'mx.example.org',
  processes: 2,
  observers: ['audit'],
  store: { use: 'lmdb', path: './store' },
  policies: [
    {
      use: 'rate-limit',
      rules: [
        // So slow that nothing comes back while the test runs.
        { of: 'messages', limit: MESSAGES, per: '1000d', by: 'network' },
        { of: 'bytes', limit: BYTES_AT_ONCE, per: '1000d', by: 'sender' },
      ],
    },
    { use: 'recipients', any: true },
  ],
  delivery: 'discard',
  listeners: [{ name: 'mx', port }],
});

const codeOf = async (client: Client, line: string): Promise<number> => {
  client.write(`${line}\r\n`);
  return (await client.reply())?.code ?? 0;
};

/** Sixteen clients at once, who begin ten messages each: what they hear. */
async function crowd(port: number): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: 16 }, () => Client.greeted(port)));
  const codes = await Promise.all(
    clients.map(async (client, i) => {
      const heard: number[] = [];
      for (let n = 0; n < 10; n++) {
        heard.push(await codeOf(client, `MAIL FROM:<${i}-${n}@example.net>`));
        await codeOf(client, 'RSET');
      }
      await client.expect(221, 'QUIT');
      return heard;
    }),
  );
  return codes.flat();
}

/** How many processes have had a part in it, by their records. */
const processesOf = (server: MailServer): number =>
  new Set([...server.logged().matchAll(/"session":"(\w+)-/g)].map(([, process]) => process)).size;

it('of two processes together exactly so many messages pass, before and after a restart', async () => {
  const path = folder();
  const port = await freePort();
  let server = await MailServer.start(path, configuration(port));
  const codes: number[] = [];
  // The system gives each connection to one process or the other, and at times all to one.
  for (let i = 0; i < 30 && processesOf(server) < 2; i++) codes.push(...(await crowd(port)));
  expect(processesOf(server)).toBe(2);
  expect(codes.filter((code) => code === 250)).toHaveLength(MESSAGES);
  expect(codes.filter((code) => code === 451)).toHaveLength(codes.length - MESSAGES);
  await server.stop();

  server = await MailServer.start(path, configuration(port));
  const later = await Client.greeted(port);
  expect((await later.expect(451, 'MAIL FROM:<a@example.net>')).text).toContain('rate limit messages-by-network');
  await server.stop();
});

it('octets of one sender are counted together, and what is announced as too much is refused at MAIL', async () => {
  const port = await freePort();
  const server = await MailServer.start(folder(), configuration(port));
  const clients = await Promise.all(Array.from({ length: 10 }, () => Client.greeted(port)));
  await Promise.all(
    clients.map(async (client) => {
      await client.expect(250, 'MAIL FROM:<ann@example.net> SIZE=1000');
      await client.expect(250, 'RCPT TO:<user@example.org>');
      await client.expect(354, 'DATA');
    }),
  );
  // 1000 octets each.
  const codes = await Promise.all(clients.map((client) => codeOf(client, `${'x'.repeat(98)}\r\n`.repeat(10) + '.')));
  expect(codes.toSorted()).toEqual([250, 250, 250, 250, 452, 452, 452, 452, 452, 452]);
  const [client] = clients;
  expect((await client?.expect(452, 'MAIL FROM:<ann@example.net> SIZE=1'))?.text).toContain('bytes-by-sender');
  await client?.expect(552, 'MAIL FROM:<bob@example.net> SIZE=4001');
  await client?.expect(250, 'MAIL FROM:<bob@example.net> SIZE=4000');
  for (const { socket } of clients) socket.destroy();
  await server.stop();
});
