/** Recipients that Postfix is asked about, and mail that goes elsewhere: who is unknown there is refused here, at RCPT, in its words. */
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { stored } from './maildir';
import { ReceivingPostfix } from './receiving-postfix';
import { LISTENERS, MailServer } from './server';

it('who is known is delivered, who is not is refused, and while it is down nobody can tell', async () => {
  const path = folder();
  const postfix = await ReceivingPostfix.start(path, ['ann', 'bob']);
  try {
    const server = await MailServer.start(path, {
      hostname: 'mx.example.org',
      logger: { use: 'pino', level: 'warn' },
      policies: [
        { use: 'call-ahead', host: 'localhost', port: postfix.port(), domains: ['example.org'], tls: { mode: 'none' } },
      ],
      delivery: { use: 'maildir', path: './mail' },
      listeners: LISTENERS,
    });
    const questions = (): number => postfix.log.match(/NOQUEUE: reject: RCPT/g)?.length ?? 0;
    const client = await Client.greeted(server.port);
    await client.expect(250, 'MAIL FROM:<me@example.net>');
    await client.expect(250, 'RCPT TO:<ann@example.org>');
    for (let n = 0; n < 2; n++) {
      const { text } = await client.expect(550, 'RCPT TO:<nobody@example.org>');
      expect(text).toBe(
        '550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table\r\n',
      );
    }
    // The second time the answer was known.
    expect(questions()).toBe(1);
    // Other domains are other policies' business, and there is none.
    await client.expect(550, 'RCPT TO:<eve@elsewhere.example>');
    expect(questions()).toBe(1);
    await client.expect(354, 'DATA');
    await client.expect(250, 'Subject: hello\r\n\r\nHello\r\n.');
    expect(stored(join(path, 'mail'))).toHaveLength(1);

    await postfix.stop();
    await client.expect(250, 'MAIL FROM:<me@example.net>');
    const { text } = await client.expect(451, 'RCPT TO:<bob@example.org>');
    expect(text).toBe('451 4.4.1 next hop can not be reached, try again later\r\n');
    // What it has said before is still known.
    await client.expect(250, 'RCPT TO:<ann@example.org>');
    await client.expect(550, 'RCPT TO:<nobody@example.org>');

    await postfix.resume();
    await client.expect(250, 'RCPT TO:<bob@example.org>');
    await client.expect(354, 'DATA');
    await client.expect(250, 'Subject: hello\r\n\r\nHello again\r\n.');
    await client.expect(221, 'QUIT');
    expect(stored(join(path, 'mail'))).toHaveLength(2);
    expect(await server.stop()).toBe(0);
    expect(server.logged()).toContain('call-ahead: the server could not be asked');
    // It was asked, and got no message.
    expect(postfix.log).not.toContain('queue active');
    for (const name of ['ann', 'bob']) expect(postfix.mails(name)).toEqual([]);
  } finally {
    await postfix.stop();
  }
});
