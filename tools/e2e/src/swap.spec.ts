/** One deployment, three ways to deliver: only the configuration file is edited between the starts, and nothing is rebuilt. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { stored, trace } from './maildir';
import { MailServer } from './server';

const MAILDIR = 'delivery: { use: maildir, path: ./var/mail }';
const MBOX = 'delivery: { use: mbox, path: ./var/mbox }';
const DISCARD = 'delivery: { use: discard }';

const CONFIGURATION = `# One deployment.
hostname: mx.example.org
policies: [{ use: recipients, domains: [example.org] }]
${MAILDIR}
listeners: [{ name: mx, port: 0 }]
`;

it('Maildir, then mbox, then discard', async () => {
  const path = folder();
  const [maildir, mbox] = [join(path, 'var/mail'), join(path, 'var/mbox')];
  let server = await MailServer.start(path, CONFIGURATION);
  const file = join(path, 'mailverb.yaml');
  const edit = async (from: string, to: string): Promise<void> => {
    expect(await server.stop()).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
    server = await MailServer.start(path, readFileSync(file, 'utf8'));
  };

  expect(server.said()).toContain(`mail goes into the Maildir ${maildir}`);
  await send(server, 'first');
  const [first, ...more] = stored(maildir).map((bytes) => trace(bytes).message.toString());
  expect([first, more]).toEqual([message('first'), []]);
  expect(existsSync(mbox)).toBe(false);

  await edit(MAILDIR, MBOX);
  expect(server.said()).toContain(`mail goes into the mbox file ${mbox}`);
  await send(server, 'second');
  const lines = readFileSync(mbox, 'utf8');
  expect(lines).toMatch(/^From me@example\.net /);
  expect(lines).toContain('\n>From the second one\n');
  expect(stored(maildir)).toHaveLength(1);

  await edit(MBOX, DISCARD);
  expect(server.said()).toContain('mail goes nowhere');
  await send(server, 'third');
  expect(stored(maildir)).toHaveLength(1);
  expect(readFileSync(mbox, 'utf8')).toBe(lines);
  expect(readdirSync(join(path, 'var')).sort()).toEqual(['mail', 'mbox']);
  expect(await server.stop()).toBe(0);
});

const message = (which: string): string => `Subject: ${which}\r\n\r\nFrom the ${which} one\r\n.\r\n`;

async function send(server: MailServer, which: string): Promise<void> {
  const client = await Client.greeted(server.port);
  await client.data();
  client.write(`${message(which).replace('\r\n.', '\r\n..')}.\r\n`);
  await client.expect(250);
  await client.expect(221, 'QUIT');
  await client.ended();
}
