/** LMTP, on TCP and on a unix socket: a reply for each recipient. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, ROOT } from './folder';
import { stored } from './maildir';
import { SendingPostfix } from './postfix';
import { peer, run, succeed } from './program';
import { MailServer } from './server';
import { portOf } from './secure-place';

async function place() {
  const path = folder();
  const socket = join(path, 'lmtp.sock');
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    observers: [{ use: 'transcript', destination: { file: './transcript.log' } }],
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
  return {
    path,
    socket,
    server,
    maildir: join(path, 'mail'),
    transcript: () => readFileSync(join(path, 'transcript.log'), 'utf8'),
  };
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

  it('swaks delivers to one of two on both kinds of socket, and reads a reply for each', async () => {
    const at = await place();
    const tcp = ['--server', '127.0.0.1', '--port', `${portOf(at.server, 'tcp')}`];
    for (const where of [tcp, ['--socket', at.socket]]) {
      const to = ['--to', 'ann@example.org,bob@example.org'];
      const { stdout } = await run(peer('swaks'), [...where, '--protocol', 'LMTP', '--from', 'me@example.net', ...to]);
      // Behind the dot, in the order of the recipients, and only then the goodbye.
      expect(stdout).toMatch(/ -> \.\n<[-~*]+ +250 2\.0\.0 [^\n]*\n<[-~*]+ +452 4\.2\.2 [^\n]*\n -> QUIT\n/);
    }
    expect(stored(at.maildir)).toHaveLength(2);
    expect(await at.server.stop()).toBe(0);
  });

  it("Postfix's lmtp delivers, tries again later and gives up, each for one recipient of one message", async () => {
    const at = await place();
    const postfix = await SendingPostfix.start(at.path, [`default_transport = lmtp:unix:${at.socket}`]);
    try {
      // Its clients are another user.
      chmodSync(at.socket, 0o666);
      const to = ['ann', 'bob', 'eve'].map((name) => `${name}@example.org`);
      await postfix.send('From: ann@example.org\nSubject: to three\n\nHello\n.dot\n', '-f', 'ann@example.org', ...to);
      const told = (who: string, what: string) =>
        new RegExp(`to=<${who}@example\\.org>, relay=[^\\[]+\\[[^\\]]*lmtp\\.sock\\], .*${what}`).test(postfix.log);
      // The bounce goes to the sender, by the same way.
      await postfix.until(() => stored(at.maildir).length >= 2 && (postfix.log.match(/: removed/g)?.length ?? 0) >= 1);
      expect(told('ann', 'dsn=2.0.0, status=sent')).toBe(true);
      expect(told('bob', 'dsn=4.2.2, status=deferred')).toBe(true);
      expect(told('eve', 'dsn=5.1.1, status=bounced')).toBe(true);
    } finally {
      await postfix.stop();
    }
    const mails = stored(at.maildir).map((bytes) => bytes.toString('latin1'));
    expect(mails).toHaveLength(2);
    // The one bears what was sent, the other says of whom it failed.
    const [mail, bounce] = mails.toSorted(
      (a, b) => Number(a.includes('multipart/report')) - Number(b.includes('multipart/report')),
    );
    expect(mail).toMatch(/with LMTP id [^]*Subject: to three\r\n[^]*\r\n\r\nHello\r\n\.dot\r\n$/);
    expect(bounce).toMatch(/multipart\/report[^]*Final-Recipient: rfc822; eve@example\.org[^]*Status: 5\.1\.1/);
    expect(bounce).not.toContain('Final-Recipient: rfc822; bob@example.org');
    // All in one transaction.
    expect(at.transcript()).toMatch(/C: LHLO sender\.example\.net/);
    expect(at.transcript().match(/C: MAIL FROM:<ann@example\.org>/g)).toHaveLength(1);
    expect(await at.server.stop()).toBe(0);
  });
});
