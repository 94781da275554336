/** LMTP, on TCP and on a unix socket: a reply for each recipient. */
import { join } from 'node:path';
import { folder, ROOT } from './folder';
import { stored } from './maildir';
import { peer, run, succeed } from './program';
import { MailServer } from './server';
import { portOf } from './secure-place';

async function place() {
  const path = folder();
  const socket = join(path, 'lmtp.sock');
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', domains: ['example.org'], users: ['ann', 'bob'] }],
    delivery: {
      use: 'router',
      routes: [
        { recipients: ['bob@example.org'], to: join(ROOT, 'tools/e2e/clients/full-delivery.mjs') },
        { to: { use: 'maildir', path: './mail' } },
      ],
    },
    listeners: [
      { name: 'tcp', port: 0, protocol: 'lmtp' },
      { name: 'unix', path: socket, protocol: 'lmtp' },
    ],
  });
  return { path, socket, server, maildir: join(path, 'mail') };
}

describe('LMTP', () => {
  it("Python's smtplib.LMTP hears of each recipient by itself, on both kinds of socket", async () => {
    const at = await place();
    const script = join(ROOT, 'tools/e2e/clients/lmtp_send.py');
    for (const where of [at.socket, `${portOf(at.server, 'tcp')}`]) {
      const to = ['ann@example.org', 'bob@example.org', 'eve@example.org'];
      const { stdout } = await succeed(peer('python3'), [script, where, ...to]);
      const refused = JSON.parse(stdout) as Record<string, [number, string]>;
      expect(Object.keys(refused).toSorted()).toEqual(['bob@example.org', 'eve@example.org']);
      expect(refused['bob@example.org']?.[0]).toBe(452);
      expect(refused['eve@example.org']?.[0]).toBe(550);
    }
    expect(stored(at.maildir)).toHaveLength(2);
    for (const bytes of stored(at.maildir)) expect(bytes.toString('latin1')).toContain('with LMTP id ');
    expect(await at.server.stop()).toBe(0);
  });

  it('swaks delivers, and HELO and EHLO do not exist', async () => {
    const at = await place();
    const args = ['--server', '127.0.0.1', '--port', `${portOf(at.server, 'tcp')}`, '--from', 'me@example.net'];
    await succeed(peer('swaks'), [...args, '--protocol', 'LMTP', '--to', 'ann@example.org']);
    expect(stored(at.maildir)).toHaveLength(1);
    const smtp = await run(peer('swaks'), [...args, '--protocol', 'ESMTP', '--to', 'ann@example.org']);
    expect(smtp.code).not.toBe(0);
    expect(stored(at.maildir)).toHaveLength(1);
    expect(await at.server.stop()).toBe(0);
  });
});
