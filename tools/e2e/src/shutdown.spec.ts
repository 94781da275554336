/** SIGTERM and SIGINT: who is idle hears 421, what is under way ends, and the process exits with 0. */
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { names, stored, trace } from './maildir';
import { kill } from './program';
import { LISTENERS, MailServer } from './server';

const configuration = (deadline: string): object => ({
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  delivery: { use: 'maildir', path: './mail' },
  shutdown: { deadline },
  listeners: LISTENERS,
});

it.each(['SIGTERM', 'SIGINT'] as const)('%s lets a transaction finish, and tells who is idle', async (signal) => {
  const path = folder();
  // A deadline that no machine is slow enough to reach: the end must not be its doing.
  const server = await MailServer.start(path, configuration('10m'));
  const [idle, ungreeted, busy] = await Promise.all([
    Client.greeted(server.port),
    Client.connect(server.port),
    Client.greeted(server.port),
  ]);
  await ungreeted.expect(220);
  await busy.data();
  busy.write('Subject: in the middle\r\n\r\none\r\n');

  kill(server.child, signal);
  expect(await idle.ended()).toMatch(/^421 4\.3\.2 [^\r\n]*\r\n$/);
  expect(await ungreeted.ended()).toMatch(/^421 4\.3\.2 [^\r\n]*\r\n$/);
  // Nobody new is let in while it goes down.
  await expect(Client.connect(server.port)).rejects.toThrow('ECONNREFUSED');

  busy.write('two\r\n.\r\n');
  await busy.expect(250);
  expect(await busy.ended()).toMatch(/^421 4\.3\.2 /);
  expect(await server.ended()).toBe(0);
  const [message] = stored(join(path, 'mail')).map((file) => trace(file).message.toString());
  expect(message).toBe('Subject: in the middle\r\n\r\none\r\ntwo\r\n');
});

it('does not wait for ever: at the deadline a transaction is given up, and nothing of it is left', async () => {
  const path = folder();
  const server = await MailServer.start(path, configuration('200ms'));
  const client = await Client.greeted(server.port);
  await client.data();
  client.write(`Subject: never ends\r\n\r\n${'x'.repeat(400_000)}`);
  expect(await server.stop()).toBe(0);
  await client.ended();
  expect(names(join(path, 'mail'))).toEqual([]);
  expect(names(join(path, 'mail'), 'tmp')).toEqual([]);
});

it('a second signal does not wait', async () => {
  const server = await MailServer.start(folder(), configuration('10m'));
  const client = await Client.greeted(server.port);
  await client.data();
  const idle = await Client.greeted(server.port);
  kill(server.child, 'SIGTERM');
  // Its 421 is the sign that the first signal was seen.
  expect(await idle.ended()).toMatch(/^421 /);
  expect(await server.stop('SIGTERM')).toBe(1);
});
