/** SIGHUP: new sessions get the new configuration, old ones finish on theirs, and a wrong file changes nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { names } from './maildir';
import { kill } from './program';
import { MailServer } from './server';
import { freePort } from './free-port';

const configuration = (port: number, domain: string, more: object = {}) => ({
  hostname: 'mx.example.org',
  logger: { use: 'pino', level: 'info' },
  policies: [{ use: 'recipients', domains: [domain] }],
  delivery: { use: 'maildir', path: `./${domain}` },
  shutdown: { deadline: '5s' },
  listeners: [{ name: 'mx', port }],
  ...more,
});

async function logs(server: MailServer, text: string, times = 1): Promise<void> {
  for (let turns = 0; server.logged().split(text).length <= times; turns++) {
    if (turns > 200_000) throw new Error(`it never logged "${text}":\n${server.logged()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it.each([1, 2])('with %d processes', async (processes) => {
  const path = folder();
  const port = await freePort();
  const write = (text: string | object) =>
    writeFileSync(join(path, 'mailverb.json'), typeof text === 'string' ? text : JSON.stringify(text));
  const server = await MailServer.start(path, configuration(port, 'one.example', { processes }));
  const old = await Client.greeted(port);
  await old.data('me@example.net', 'you@one.example');
  // Its message is half there when the configuration changes under it.
  old.write('Subject: half\r\n');

  write(configuration(port, 'two.example', { processes }));
  kill(server.child, 'SIGHUP');
  await logs(server, 'the configuration was read again and is in use', processes === 1 ? 1 : 3);
  const fresh = await Client.greeted(port);
  await fresh.expect(250, 'MAIL FROM:<me@example.net>');
  await fresh.expect(550, 'RCPT TO:<you@one.example>');
  await fresh.expect(250, 'RCPT TO:<you@two.example>');
  await fresh.expect(354, 'DATA');
  await fresh.expect(250, 'Subject: new\r\n\r\nnew\r\n.');
  expect(names(join(path, 'two.example'))).toHaveLength(1);

  for (const wrong of [
    '{ "hostnam": 1 ',
    { ...configuration(port, 'three.example', { processes }), hostnam: 'x' },
    configuration(port, 'three.example', { processes, delivery: { use: 'maildri' } }),
  ]) {
    const before = server.logged().split('the configuration was not reloaded').length;
    write(wrong);
    kill(server.child, 'SIGHUP');
    await logs(server, 'the configuration was not reloaded', before);
  }
  expect(server.logged()).toContain('did you mean');
  await fresh.expect(250, 'MAIL FROM:<me@example.net>');
  await fresh.expect(250, 'RCPT TO:<you@two.example>');

  // The old session still has the old one.
  await old.expect(250, '\r\nold\r\n.');
  expect(names(join(path, 'one.example'))).toHaveLength(1);
  await old.data('me@example.net', 'they@one.example');
  await old.expect(250, 'x\r\n.');
  await old.expect(221, 'QUIT');
  await fresh.expect(250, 'RSET');
  expect(await server.stop()).toBe(0);
});

it.each([1, 2])('loses no connection while it reloads again and again (processes: %d)', async (processes) => {
  const path = folder();
  const port = await freePort();
  const server = await MailServer.start(path, { ...configuration(port, 'one.example'), processes });
  let reloading = true;
  let sent = 0;
  const client = async () => {
    while (reloading) {
      const one = await Client.greeted(port);
      await one.data('me@example.net', 'you@one.example');
      await one.expect(250, 'x\r\n.');
      await one.expect(221, 'QUIT');
      sent += 1;
    }
  };
  const clients = Array.from({ length: 15 }, client);
  for (let i = 1; i <= 5; i++) {
    kill(server.child, 'SIGHUP');
    await logs(server, 'the configuration was read again and is in use', i);
  }
  reloading = false;
  await Promise.all(clients);
  expect(names(join(path, 'one.example'))).toHaveLength(sent);
  expect(sent).toBeGreaterThan(0);
  expect(await server.stop()).toBe(0);
});
