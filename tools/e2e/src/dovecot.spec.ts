/** Delivery by LMTP to Dovecot, over TCP and over a unix socket: what it says of each recipient is heard, and what it stores is what was sent. */
import { Client } from './client';
import { Dovecot, type Quotas } from './dovecot';
import { folder } from './folder';
import { AWKWARD } from './messages';
import { peer, run } from './program';
import { portOf } from './secure-place';
import { MailServer } from './server';

interface Place {
  readonly path: string;
  readonly dovecot: Dovecot;
  readonly server: MailServer;
}

const QUOTAS: Quotas = { ann: undefined, bob: undefined, full: 100 };

type Way = 'TCP, BDAT' | 'a unix socket, DATA';
const WAYS: readonly Way[] = ['TCP, BDAT', 'a unix socket, DATA'];

/** A server that speaks SMTP on one port and LMTP on the other, before a Dovecot. */
async function place(way: Way, act: (at: Place) => Promise<void>): Promise<void> {
  const path = folder();
  const dovecot = await Dovecot.start(path, QUOTAS);
  const to =
    way === 'TCP, BDAT' ? { host: '127.0.0.1', port: dovecot.port } : { path: dovecot.socket, chunking: false };
  try {
    const server = await MailServer.start(path, {
      hostname: 'mx.example.org',
      logger: { use: 'pino', level: 'warn' },
      policies: [{ use: 'recipients', domains: ['example.org'] }],
      delivery: { use: 'lmtp', ...to },
      listeners: [
        { name: 'mx', port: 0 },
        { name: 'store', port: 0, protocol: 'lmtp' },
      ],
    });
    await act({ path, dovecot, server });
    expect(await server.stop()).toBe(0);
  } finally {
    await dovecot.stop();
  }
}

describe.each(WAYS)('Dovecot by LMTP over %s', (way) => {
  it('stores what was sent, octet by octet, for each of several recipients', () =>
    place(way, async ({ dovecot, server }) => {
      const client = await Client.greeted(portOf(server, 'mx'));
      for (const { bytes } of AWKWARD) {
        await client.expect(250, 'MAIL FROM:<me@example.net> BODY=8BITMIME');
        for (const name of ['ann', 'bob']) await client.expect(250, `RCPT TO:<${name}@example.org>`);
        await client.expect(354, 'DATA');
        client.write(`${bytes.toString('latin1').replace(/^\./gm, '..')}.\r\n`);
        // Dovecot has its own words for each, and an SMTP client hears one of them.
        expect((await client.expect(250)).text).toMatch(/^250 2\.0\.0 <(?:ann|bob)@example\.org> \S+ Saved\r\n$/);
      }
      await client.expect(221, 'QUIT');
      const sent = AWKWARD.map(({ bytes }) => bytes.toString('latin1')).toSorted();
      expect(dovecot.mails('ann')).toEqual(sent);
      expect(dovecot.mails('bob')).toEqual(sent);
      // One connection, used again.
      expect(dovecot.log.match(/: Connect from /g)).toHaveLength(1);
    }));

  it('says who is unknown at RCPT and whose mailbox is full at the end, each in its own words', () =>
    place(way, async ({ path, dovecot, server }) => {
      const to = ['ann', 'nobody', 'full', 'bob'].map((name) => `${name}@example.org`).join();
      const where = ['--server', '127.0.0.1', '--port', `${portOf(server, 'store')}`, '--from', 'me@example.net'];
      const body = ['--body', 'x'.repeat(500)];
      const { stdout } = await run(peer('swaks'), [...where, '--protocol', 'LMTP', '--to', to, ...body], { cwd: path });
      expect(stdout).toMatch(
        / -> RCPT TO:<nobody@example\.org>\n<\*\* +550 5\.1\.1 <nobody@example\.org> User doesn't exist: nobody@example\.org\n/,
      );
      const replies = [
        '<-  250 2.0.0 <ann@example.org> * Saved',
        '<** 552 5.2.2 <full@example.org> Quota exceeded (mailbox for user is full)',
        '<-  250 2.0.0 <bob@example.org> * Saved',
        ' -> QUIT',
      ];
      const [, after = ''] = stdout.split(' -> .\n');
      expect(
        after
          .replace(/ \S+ Saved/g, ' * Saved')
          .split('\n')
          .slice(0, 4),
      ).toEqual(replies);
      expect([dovecot.mails('ann').length, dovecot.mails('full').length, dovecot.mails('bob').length]).toEqual([
        1, 0, 1,
      ]);

      // The same to an SMTP client, which can be told one thing only: the worst (decision 3).
      const client = await Client.greeted(portOf(server, 'mx'));
      await client.expect(250, 'MAIL FROM:<me@example.net>');
      await client.expect(250, 'RCPT TO:<ann@example.org>');
      const unknown = await client.expect(550, 'RCPT TO:<nobody@example.org>');
      expect(unknown.text).toBe("550 5.1.1 <nobody@example.org> User doesn't exist: nobody@example.org\r\n");
      await client.expect(250, 'RCPT TO:<full@example.org>');
      await client.expect(354, 'DATA');
      client.write(`Subject: too much\r\n\r\n${'y'.repeat(500)}\r\n.\r\n`);
      const answer = await client.expect(552);
      expect(answer.text).toBe(
        '552 5.2.2 <full@example.org> Quota exceeded (mailbox for user is full) (1 of 2 recipients failed)\r\n',
      );
      expect([dovecot.mails('ann').length, dovecot.mails('full').length]).toEqual([2, 0]);
      await client.expect(221, 'QUIT');
    }));

  it('defers while it is down, also who is in the middle of a message, and goes on when it is back', () =>
    place(way, async ({ dovecot, server }) => {
      const client = await Client.greeted(portOf(server, 'mx'));
      await client.data('me@example.net', 'ann@example.org');
      client.write('Subject: one\r\n\r\n1\r\n.\r\n');
      await client.expect(250);

      await client.data('me@example.net', 'ann@example.org');
      client.write('Subject: half\r\n\r\n');
      await dovecot.stop();
      client.write('a message\r\n.\r\n');
      expect((await client.expect(451)).text).toMatch(/^451 4\.(?:4\.[12]|3\.2) /);

      await client.expect(250, 'MAIL FROM:<me@example.net>');
      const down = await client.expect(451, 'RCPT TO:<ann@example.org>');
      expect(down.text).toBe('451 4.4.1 next hop can not be reached, try again later\r\n');

      await dovecot.resume();
      await client.expect(250, 'RSET');
      await client.data('me@example.net', 'ann@example.org');
      client.write('Subject: two\r\n\r\n2\r\n.\r\n');
      await client.expect(250);
      await client.expect(221, 'QUIT');
      expect(dovecot.mails('ann')).toEqual(['Subject: one\r\n\r\n1\r\n', 'Subject: two\r\n\r\n2\r\n']);
      // The cause is in the log, and nowhere else.
      expect(await server.stop()).toBe(0);
      expect(server.logged()).toContain('next hop: no connection');
    }));
});
