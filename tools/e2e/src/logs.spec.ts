/** The files of the logger and the observers, and their rotation: move away, send SIGUSR2. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from './client';
import { folder } from './folder';
import { LISTENERS, MailServer } from './server';

const FILES = ['server.log', 'audit.log', 'transcript.log'];

it('audit, transcript and log go to files, which SIGUSR2 reopens', async () => {
  const path = folder();
  const at = (name: string): string => join(path, name);
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  const server = await MailServer.start(path, {
    logger: { use: 'pino', level: 'info', destination: { file: './server.log' } },
    observers: [
      { use: 'audit', destination: { file: './audit.log' } },
      { use: 'transcript', destination: { file: './transcript.log' } },
    ],
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    delivery: { use: 'maildir', path: './mail' },
    listeners: LISTENERS,
  });
  await send(server, 'first');
  // Lines may wait for the disk; the session's last one is written when it has closed.
  await until(() => read('audit.log').includes('"session"') && read('transcript.log').includes('closed:'));

  for (const name of FILES) renameSync(at(name), at(`${name}.1`));
  server.child.kill('SIGUSR2');
  await until(() => FILES.every((name) => existsSync(at(name))));
  await send(server, 'second');
  expect(await server.stop()).toBe(0);

  for (const [end, which, other] of [
    ['.1', 'first', 'second'],
    ['', 'second', 'first'],
  ] as const) {
    const audit = read(`audit.log${end}`)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(audit).toEqual([
      expect.objectContaining({
        event: 'transaction',
        helo: 'client.example.net',
        sender: `${which}@example.net`,
        recipients: [
          expect.objectContaining({ address: 'you@example.org', verdict: 'delivered' }),
          expect.objectContaining({ address: 'you@example.com', verdict: 'rejected' }),
        ],
        verdict: 'delivered',
      }),
      expect.objectContaining({ event: 'session', delivered: 1, cause: 'quit' }),
    ]);
    const transcript = read(`transcript.log${end}`);
    expect(transcript).toContain(`C: MAIL FROM:<${which}@example.net>\n`);
    expect(transcript).toMatch(/S: 220 /);
    expect(transcript).toMatch(/\* closed: quit/);
    expect(transcript).not.toContain(`${other}@example.net`);
    expect(transcript).not.toContain('Subject');
    for (const line of read(`server.log${end}`).trimEnd().split('\n')) JSON.parse(line);
  }
  expect(read('server.log.1')).toContain('"msg":"started"');
  expect(read('server.log')).toContain('"msg":"stopping"');
});

async function send(server: MailServer, who: string): Promise<void> {
  const client = await Client.greeted(server.port);
  await client.expect(250, `MAIL FROM:<${who}@example.net>`);
  await client.expect(250, 'RCPT TO:<you@example.org>');
  await client.expect(550, 'RCPT TO:<you@example.com>');
  await client.expect(354, 'DATA');
  client.write('Subject: to be logged, not shown\r\n\r\n.\r\n');
  await client.expect(250);
  await client.expect(221, 'QUIT');
  await client.ended();
}

/** Looks again and again; the test's timeout is the end of its patience. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await wait(20);
}
