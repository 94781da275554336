/** apps/greylist-proxy, as its README starts it, before a mail server of another process: who is new comes again, and the message arrives. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { ROOT, folder } from './folder';
import { stored } from './maildir';
import { run } from './program';
import { MailServer } from './server';

const MAIN = join(ROOT, 'apps/greylist-proxy/dist/main.js');

const behind = (path: string) =>
  MailServer.start(path, {
    hostname: 'mail.example.org',
    policies: [{ use: 'recipients', domains: ['example.org'], users: ['bob'] }],
    delivery: { use: 'maildir', path: './mail' },
    listeners: [{ name: 'mx', port: 0 }],
  });

function configuration(path: string, port: number): string {
  const file = join(path, 'greylist.yaml');
  const text = [
    'serverName: mx.example.org',
    'port: 0',
    `upstream: { host: 127.0.0.1, port: ${port} }`,
    'allowedSenders: []',
    'allowedDomains: [example.org]',
    'times: { retryAfter: 0, passAfter: 1s }',
    'debugLog: ./debug.log',
  ];
  writeFileSync(file, text.join('\n'));
  return file;
}

/** What is said to a recipient. */
async function recipient(client: Client, address: string): Promise<string> {
  client.write(`RCPT TO:<${address}>\r\n`);
  return (await client.reply())?.text ?? 'nothing';
}

it('asks who is new to come again, and gives the message on to the mail server behind, whose words are its own', async () => {
  const path = folder();
  const server = await behind(path);
  const proxy = await MailServer.from(process.execPath, [MAIN, configuration(path, server.port)], path);
  expect(proxy.said()).toContain(`listening on 127.0.0.1:${proxy.port}\n`);
  const client = await Client.greeted(proxy.port);
  await client.expect(250, 'MAIL FROM:<ann@example.net>');
  expect(await recipient(client, 'bob@example.org')).toBe('451 4.7.1 greylisted, try again later\r\n');
  expect(await recipient(client, 'carl@elsewhere.example')).toBe('550 5.7.1 relaying denied\r\n');
  // Until a second is over.
  let heard = '';
  for (let i = 0; i < 40 && !heard.startsWith('250'); i++) {
    const again = await Client.greeted(proxy.port);
    await again.expect(250, 'MAIL FROM:<ann@example.net>');
    await recipient(again, 'nobody@example.org');
    heard = await recipient(again, 'bob@example.org');
    if (heard.startsWith('250')) {
      expect(await recipient(again, 'nobody@example.org')).toBe('550 5.1.1 no such user\r\n');
      await again.expect(354, 'DATA');
      again.write('Subject: hello\r\n\r\nhello\r\n.\r\n');
      expect((await again.expect(250)).text).toMatch(/^250 2\.0\.0 Ok/);
    } else await new Promise((resolve) => setTimeout(resolve, 100));
    await again.expect(221, 'QUIT');
  }
  expect(stored(join(path, 'mail'))).toHaveLength(1);

  // With nobody behind, who is known is deferred.
  await server.stop();
  await client.expect(250, 'RSET');
  await client.expect(250, 'MAIL FROM:<ann@example.net>');
  expect(await recipient(client, 'bob@example.org')).toMatch(/^451 4\.4\.\d /);
  await client.expect(221, 'QUIT');
  expect(await proxy.stop()).toBe(0);
});

it('says what is wrong with a configuration, and ends with 78', async () => {
  const path = folder();
  const file = join(path, 'wrong.yaml');
  writeFileSync(file, 'serverName: mx.example.org\nallowed_domains: [example.org]\n');
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, file], { cwd: path });
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  const [first, second] = stderr.split('\n');
  expect(first).toMatch(/^upstream: missing/);
  expect(second).toMatch(/^allowed_domains: unknown key; .* did you mean "allowedDomains"\?$/);
  expect((await run(process.execPath, [MAIN, '--help'])).code).toBe(64);
});
