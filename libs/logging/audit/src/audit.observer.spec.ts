/** The audit observer: the contract in both formats, and what stands in a record. */
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session, SessionRecord, TransactionRecord } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  FAKE_EPOCH,
  describeObserver,
  recordingLogger,
  testClientCertificate,
  testEnvelope,
  testRecipient,
  testSession,
  type LogLine,
} from '@mailverb/testing';
import { AuditObserver } from './audit.observer.js';
import { auditOptions } from './audit.options.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

async function make(options: object = {}) {
  const file = join(folder, `${++files}.log`);
  const logged: LogLine[] = [];
  const observer = new AuditObserver(
    auditOptions.parse({ destination: { file }, ...options }),
    recordingLogger(logged),
  );
  await observer.start();
  const output = async () => {
    await observer.stop();
    const text = readFileSync(file, 'utf8');
    await observer.start();
    return text;
  };
  return { observer, output, file, logged, close: () => observer.stop() };
}

const ok = reply(250, '2.0.0', 'Ok: queued as 7');
const no = reply(550, '5.1.1', 'no such user');
const later = reply(451, '4.7.1', 'greylisted, try again later');
const [a, b] = [testRecipient('a@example.org'), testRecipient('b@example.org')];

const session = () =>
  testSession({
    id: 's-1',
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      serverName: 'mx.example.org',
      clientCertificate: testClientCertificate(),
      channelBinding: () => undefined,
    },
    identity: { name: 'ada', mechanism: 'PLAIN' },
    annotations: [{ by: 'spf', key: 'spf', value: 'pass' }],
  });

function transaction(overrides: Partial<TransactionRecord> = {}): TransactionRecord {
  return {
    envelope: testEnvelope({ id: 's-1.1', recipients: [a, b] }),
    size: 1234,
    end: 'committed',
    reply: ok,
    outcomes: [
      { recipient: a, reply: ok },
      { recipient: b, reply: no },
    ],
    decisions: [],
    startedAt: FAKE_EPOCH,
    endedAt: FAKE_EPOCH + 250,
    ...overrides,
  };
}

function closed(overrides: Partial<SessionRecord> = {}): SessionRecord {
  return {
    endedAt: FAKE_EPOCH + 1250,
    commands: 5,
    errors: 1,
    transactions: 1,
    delivered: 1,
    octetsIn: 1402,
    cause: 'quit',
    decisions: [],
    ...overrides,
  };
}

function say(observer: AuditObserver, at: Session, line: string, answer = ok): void {
  observer.commandReceived(at, line);
  observer.replySent(at, answer);
}

describeObserver('audit (json)', () => make());
describeObserver('audit (kamaelia)', () => make({ format: 'kamaelia' }));

describe('AuditObserver, json', () => {
  const who = {
    session: 's-1',
    listener: 'test',
    client: { address: '192.0.2.1', port: 40_000 },
    server: { address: '192.0.2.25', port: 25 },
    helo: 'client.test.example',
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      serverName: 'mx.example.org',
      clientCertificate: { subject: 'CN=ann,O=Test', fingerprint: testClientCertificate().fingerprint },
    },
    identity: { name: 'ada', mechanism: 'PLAIN' },
  };

  async function records(tell: (observer: AuditObserver) => void): Promise<unknown[]> {
    const { observer, output, close } = await make();
    tell(observer);
    const text = await output();
    await close();
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }

  it('tells of a transaction and of a session all that there is to tell', async () => {
    expect(
      await records((observer) => {
        const one = session();
        say(observer, one, 'MAIL FROM:<sender@test.example>');
        say(observer, one, 'RCPT TO:<c@example.org>', later);
        observer.transactionEnded(
          one,
          transaction({ decisions: [{ by: 'policy greylist', reply: later, reason: 'first seen' }] }),
        );
        observer.sessionClosed(one, closed());
      }),
    ).toEqual([
      {
        time: '2026-01-01T00:00:00.250Z',
        event: 'transaction',
        transaction: 's-1.1',
        ...who,
        sender: 'sender@test.example',
        recipients: [
          { address: 'a@example.org', verdict: 'delivered', reply: '250 2.0.0 Ok: queued as 7' },
          { address: 'b@example.org', verdict: 'rejected', reply: '550 5.1.1 no such user' },
          {
            address: 'c@example.org',
            verdict: 'deferred',
            reply: '451 4.7.1 greylisted, try again later',
            by: 'policy greylist',
            reason: 'first seen',
          },
        ],
        octets: 1234,
        verdict: 'delivered',
        reply: '250 2.0.0 Ok: queued as 7',
        decisions: [{ by: 'policy greylist', reply: '451 4.7.1 greylisted, try again later', reason: 'first seen' }],
        annotations: [{ by: 'spf', key: 'spf', value: 'pass' }],
        durationMs: 250,
      },
      {
        time: '2026-01-01T00:00:01.250Z',
        event: 'session',
        ...who,
        commands: 5,
        errors: 1,
        transactions: 1,
        delivered: 1,
        octetsIn: 1402,
        cause: 'quit',
        durationMs: 1250,
      },
    ]);
  });

  it('tells who refused a message, and why', async () => {
    const decisions = [{ by: 'policy spam', reply: no, reason: 'score 17' }];
    const [record] = await records((observer) => {
      observer.transactionEnded(session(), transaction({ end: 'refused', reply: no, outcomes: [], decisions }));
    });
    expect(record).toMatchObject({
      recipients: [{ address: 'a@example.org' }, { address: 'b@example.org' }],
      verdict: 'rejected',
      by: 'policy spam',
      reason: 'score 17',
      reply: '550 5.1.1 no such user',
    });
  });

  it('names a sender that was refused, and the null sender', async () => {
    const refusal = reply(550, '5.7.1', 'not you');
    const found = await records((observer) => {
      const one = testSession();
      say(observer, one, 'MAIL FROM:<spam@example.com> SIZE=7', refusal);
      say(observer, one, 'MAIL FROM:<>');
      observer.transactionEnded(one, transaction({ envelope: testEnvelope({ reversePath: null }), end: 'aborted' }));
      observer.sessionClosed(one, closed({ decisions: [{ by: 'policy senders', reply: refusal, reason: 'listed' }] }));
    });
    expect(found).toMatchObject([
      { sender: '<>', recipients: [], verdict: 'aborted' },
      {
        refusedSenders: [
          { sender: 'spam@example.com', reply: '550 5.7.1 not you', by: 'policy senders', reason: 'listed' },
        ],
        decisions: [{ by: 'policy senders' }],
      },
    ]);
  });
});

describe('AuditObserver, whom a trusted peer speaks for', () => {
  it.each(['json', 'kamaelia'])('is on record (%s)', async (format) => {
    const { observer, output, close } = await make({ format });
    const one = { ...session(), remoteName: 'client.example', forwarded: { address: '198.51.100.7', ident: 'Q1' } };
    observer.transactionEnded(one, transaction());
    observer.sessionClosed(one, closed());
    const text = await output();
    await close();
    expect(text).toContain('client.example');
    if (format === 'json') expect(text).toContain('"forwarded":{"address":"198.51.100.7","ident":"Q1"}');
  });
});

describe('AuditObserver, kamaelia', () => {
  async function line(tell: (observer: AuditObserver) => void): Promise<string> {
    const { observer, output, close } = await make({ format: 'kamaelia' });
    tell(observer);
    const text = await output();
    await close();
    expect(text.indexOf('\n')).toBe(text.length - 1);
    return text.slice(0, -1);
  }

  it("begins with Kamaelia's six columns, and adds facts", async () => {
    const found = await line((observer) => {
      const one = session();
      observer.transactionEnded(one, transaction());
      observer.sessionClosed(one, closed());
    });
    expect(found.split(' | ')).toEqual([
      '20260101000001.250',
      'client.test.example',
      '192.0.2.1',
      '<sender@test.example>',
      '<a@example.org>, <b@example.org>=REJECTED 550 5.1.1 no such user',
      'DELIVERED',
      'octets=1234',
      'reply=250 2.0.0 Ok: queued as 7',
      'took=0.250',
      'session=s-1',
      'listener=test',
      'local=192.0.2.25:25',
      'port=40000',
      'tls=TLSv1.3 TLS_AES_256_GCM_SHA384',
      'server-name=mx.example.org',
      'certificate=CN=ann,O=Test',
      'identity=ada (PLAIN)',
      'commands=5',
      'errors=1',
      'delivered=1',
      'octets-in=1402',
      'cause=quit',
      'seconds=1.250',
    ]);
  });

  it('shows a greylisted session as Kamaelia would: the recipients that were refused, DEFERRED', async () => {
    const found = await line((observer) => {
      const one = testSession({ id: 's-1' });
      say(observer, one, 'MAIL FROM:<sender@test.example>');
      say(observer, one, 'RCPT TO:<c@example.org>', later);
      const decisions = [{ by: 'policy greylist', reply: later, reason: 'first seen' }];
      const envelope = testEnvelope();
      observer.transactionEnded(
        one,
        transaction({ envelope, end: 'refused', reply: undefined, outcomes: [], decisions, size: 0 }),
      );
      observer.sessionClosed(one, closed());
    });
    expect(found).toContain(
      ' | <sender@test.example> | <c@example.org> | DEFERRED | octets=0 | by=policy greylist | reason=first seen | took=0.250 | session=s-1 | ',
    );
  });

  it('has all transactions of a session on its line', async () => {
    const found = await line((observer) => {
      const one = testSession();
      observer.transactionEnded(one, transaction({ outcomes: [], end: 'aborted', reply: undefined }));
      observer.transactionEnded(one, transaction({ envelope: testEnvelope({ reversePath: null, recipients: [a] }) }));
      say(observer, one, 'MAIL FROM:<spam@example.com>', no);
      const decisions = [{ by: 'policy senders', reply: no, reason: undefined }];
      observer.sessionClosed(one, closed({ decisions }));
    });
    expect(found).toContain(' | <sender@test.example> | <a@example.org>, <b@example.org> | ABORTED | ');
    expect(found).toContain(' | and | <> | <a@example.org> | DELIVERED | ');
    expect(found).toContain(
      ' | and | <spam@example.com> | - | REJECTED | by=policy senders | reply=550 5.1.1 no such user | session=',
    );
  });

  it('has a line for a session that brought no mail, too', async () => {
    expect(
      await line((observer) =>
        observer.sessionClosed(testSession({ heloName: undefined, remoteAddress: '' }), closed()),
      ),
    ).toMatch(/^20260101000001\.250 \| - \| unix \| - \| - \| NONE \| session=/);
    const decisions = [{ by: 'policy dnsbl', reply: no, reason: 'listed' }];
    expect(await line((observer) => observer.sessionClosed(testSession(), closed({ decisions })))).toContain(
      ' | - | - | REJECTED | by=policy dnsbl | reason=listed | reply=550 5.1.1 no such user | session=',
    );
  });

  it('lets nobody forge a column, a recipient or a status (attack A6)', async () => {
    const mailbox = { ...a.mailbox, address: '"x>, <b@y> | DELIVERED | z\\""@example.org' };
    const found = await line((observer) => {
      const one = testSession({ heloName: 'a | b', id: 's-1' });
      const envelope = testEnvelope({ reversePath: mailbox, recipients: [{ mailbox, parameters: {} }] });
      observer.transactionEnded(one, transaction({ envelope, outcomes: [{ recipient: a, reply: later }] }));
      observer.sessionClosed(one, closed());
    });
    const columns = found.split(' | ');
    expect(columns.slice(1, 6)).toEqual([
      'a \\x7c b',
      '192.0.2.1',
      '<"x>, <b@y> \\x7c DELIVERED \\x7c z\\\\""@example.org>',
      '<"x>\\x2c <b@y> \\x7c DELIVERED \\x7c z\\\\""@example.org>',
      'DEFERRED',
    ]);
  });

  it('keeps a bound on what waits for the end of a session', async () => {
    const found = await line((observer) => {
      const one = testSession();
      const recipients = Array.from({ length: 1000 }, (_, i) => testRecipient(`r${i}@example.org`));
      const envelope = testEnvelope({ recipients });
      const outcomes = recipients.map((recipient) => ({ recipient, reply: ok }));
      for (let i = 0; i < 10_000; i++) observer.transactionEnded(one, transaction({ envelope, outcomes }));
      observer.sessionClosed(one, closed());
    });
    expect(found.length).toBeLessThan(25_000);
    expect(found).toContain('<r99@example.org>, and 900 more | DELIVERED');
    expect(found).toMatch(/ \| and 99\d\d more \| session=/);
  });
});

describe('AuditObserver, its file', () => {
  it('goes on in a new one on SIGUSR2', async () => {
    const { observer, file, output, close } = await make();
    observer.sessionClosed(testSession({ id: 'old' }), closed());
    renameSync(file, `${file}.1`);
    process.emit('SIGUSR2', 'SIGUSR2');
    await output();
    observer.sessionClosed(testSession({ id: 'new' }), closed());
    expect(await output()).toContain('"session":"new"');
    expect(readFileSync(`${file}.1`, 'utf8')).toContain('"session":"old"');
    await close();
  });

  it('tells the logger when it cannot go on there', async () => {
    const { observer, file, logged, output, close } = await make();
    await close();
    rmSync(file);
    rmSync(folder, { recursive: true });
    observer.sessionClosed(testSession(), closed());
    expect(logged).toMatchObject([
      { level: 'error', message: `cannot write to the log file ${file}`, fields: { error: { code: 'ENOENT' } } },
    ]);
    await observer.start();
    expect(await output()).toBe('');
    await close();
  });
});
