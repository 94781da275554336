/** The audit observer in a server: that events come in the order that it counts on. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defer, definePlugin, pass, reject, use } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { acceptEverybody, plainVerbs, testServer } from '@mailverb/testing';
import { auditPlugin } from './plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const strict = definePlugin({
  name: 'policy-strict',
  register(contribute) {
    contribute.policy('strict', {
      mail: ({ reversePath }) =>
        reversePath?.local === 'spam' ? reject(reply(550, '5.7.1', 'not you'), 'listed') : pass(),
      rcpt: ({ mailbox }) => (mailbox.local === 'grey' ? defer(reply(451, '4.7.1', 'later'), 'first seen') : pass()),
    });
  },
});

async function audited(format: 'json' | 'kamaelia', transport: 'memory' | 'tcp' = 'memory'): Promise<string> {
  const file = join(folder, `${format}-${transport}.log`);
  const server = await testServer({
    transport,
    plugins: [plainVerbs(), use(strict), acceptEverybody(), use(auditPlugin, { format, destination: { file } })],
  });
  const client = server.client();
  await client.reply();
  await client.commands(
    'EHLO client.example.net',
    'MAIL FROM:<spam@example.com>',
    'MAIL FROM:<a@example.com>',
    'RCPT TO:<grey@example.org>',
    'RCPT TO:<b@example.org>',
    'DATA',
    'Subject: x\r\n\r\nx\r\n.',
    'MAIL FROM:<>',
    'RCPT TO:<grey@example.org>',
    'QUIT',
  );
  await client.ended();
  await server.stop();
  return readFileSync(file, 'utf8');
}

describe('AuditObserver in a server', () => {
  it('names who was refused, by whom, and who got the mail (json)', async () => {
    const records = (await audited('json'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const grey = { address: 'grey@example.org', verdict: 'deferred', by: 'policy strict', reason: 'first seen' };
    expect(records).toMatchObject([
      {
        event: 'transaction',
        helo: 'client.example.net',
        sender: 'a@example.com',
        recipients: [{ address: 'b@example.org', verdict: 'delivered' }, grey],
        octets: 17,
        verdict: 'delivered',
      },
      { event: 'transaction', sender: '<>', recipients: [grey], verdict: 'deferred', by: 'policy strict' },
      {
        event: 'session',
        transactions: 2,
        delivered: 1,
        cause: 'quit',
        refusedSenders: [{ sender: 'spam@example.com', verdict: 'rejected', by: 'policy strict', reason: 'listed' }],
      },
    ]);
  });

  it('knows both ends of a connection that is closed', async () => {
    const end = { address: '127.0.0.1', port: expect.any(Number) };
    for (const line of (await audited('json', 'tcp')).trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ client: end, server: end });
    }
  });

  it('has it all on one line (kamaelia)', async () => {
    const text = await audited('kamaelia');
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(text).toMatch(
      /^20260101000000\.000 \| client\.example\.net \| 192\.0\.2\.1 \| <a@example\.com> \| <b@example\.org>, <grey@example\.org>=DEFERRED 451 4\.7\.1 later \| DELIVERED \| .* \| and \| <> \| <grey@example\.org> \| DEFERRED \| .* \| and \| <spam@example\.com> \| - \| REJECTED \| by=policy strict \| reason=listed \| reply=550 5\.7\.1 not you \| session=/,
    );
  });
});
