import type { Envelope, Session, TlsFacts } from '@mailverb/contract';
import {
  FakeClock,
  contributionsOf,
  describeTransform,
  testEnvelope,
  testMailbox,
  testRecipient,
  testSession,
} from '@mailverb/testing';
import type { z } from 'zod';
import { receivedPlugin } from './plugin.js';
import { receivedOptions } from './received.options.js';
import { ReceivedTransform } from './received.transform.js';

const NOON = Date.UTC(2026, 10, 20, 12, 0, 0);
const TLS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  clientCertificate: undefined,
  channelBinding: () => undefined,
};
const ANN = { name: 'ann@example.org', mechanism: 'PLAIN' };
const listener: Session['listener'] = {
  name: 'mx',
  hostname: 'mx.example.org',
  protocol: 'smtp',
  maxMessageSize: 0,
  maxRecipients: 0,
  maxMessages: 0,
  tls: 'none',
};

const make = (options: z.input<typeof receivedOptions> = {}, clock = new FakeClock(NOON)): ReceivedTransform =>
  new ReceivedTransform(receivedOptions.parse(options), clock);

function field(
  { session = {}, envelope = {} }: { session?: Partial<Session>; envelope?: Partial<Envelope> } = {},
  transform = make(),
): string {
  const bytes = transform.prepend({
    session: testSession({ listener, ...session }),
    envelope: testEnvelope({ id: 'id-1', recipients: [testRecipient('ann@example.org')], ...envelope }),
  });
  return Buffer.from(bytes).toString('utf8');
}

const lines = (text: string): string[] => text.split('\r\n');

describeTransform('received', () => make(), { fields: ['Received'] });
describeTransform('received, with everything', () => make({ auth: true }), { fields: ['Received'] });
describeTransform('received, with nothing', () => make({ id: false, for: false, tls: false }), {
  fields: ['Received'],
});

describe('received', () => {
  it('is a trace field as RFC 5321 4.4 has it', () => {
    expect(lines(field())).toEqual([
      'Received: from client.test.example ([192.0.2.1])',
      '\tby mx.example.org with ESMTP id id-1',
      '\tfor <ann@example.org>;',
      '\tFri, 20 Nov 2026 12:00:00 +0000',
      '',
    ]);
  });

  it('says what TLS was agreed on (RFC 8314 4.3), and nothing of who the client is unless told to', () => {
    const session = { tls: TLS, identity: ANN };
    expect(lines(field({ session }))).toEqual([
      'Received: from client.test.example ([192.0.2.1])',
      '\tby mx.example.org with ESMTPSA id id-1',
      '\tfor <ann@example.org>',
      '\ttls TLS_AES_256_GCM_SHA384 (TLSv1.3);',
      '\tFri, 20 Nov 2026 12:00:00 +0000',
      '',
    ]);
    expect(lines(field({ session }, make({ auth: true })))[1]).toBe('\t(authenticated as ann@example.org)');
  });

  it('says less where it should', () => {
    const transform = make({ id: false, for: false, tls: false });
    expect(lines(field({ session: { tls: TLS } }, transform))).toEqual([
      'Received: from client.test.example ([192.0.2.1])',
      '\tby mx.example.org with ESMTPS;',
      '\tFri, 20 Nov 2026 12:00:00 +0000',
      '',
    ]);
  });

  it('names the recipient only where there is one (RFC 5321 7.2)', () => {
    const two = [testRecipient('ann@example.org'), testRecipient('bob@example.org')];
    expect(field({ envelope: { recipients: two } })).not.toMatch(/ann|bob|for/);
    expect(field({ envelope: { recipients: [] } })).not.toMatch(/for/);
    expect(field({ envelope: { recipients: [testRecipient('"a b"@example.org')] } })).toContain(
      'for <"a b"@example.org>;',
    );
  });
});

describe('received, the peer', () => {
  it.each([
    ['192.0.2.1', '([192.0.2.1])'],
    ['2001:db8::1', '([IPv6:2001:db8::1])'],
    ['fe80::1%eth0', '([IPv6:fe80::1])'],
    ['', '(localhost)'],
  ])('%s is %s', (remoteAddress, expected) => {
    expect(lines(field({ session: { remoteAddress } }))[0]).toBe(`Received: from client.test.example ${expected}`);
  });

  it('has its address for a name where it gave none', () => {
    expect(lines(field({ session: { heloName: undefined } }))[0]).toBe('Received: from [192.0.2.1] ([192.0.2.1])');
  });

  it.each([
    ['[192.0.2.1]', '[192.0.2.1]'],
    ["mary's_pc", "mary's_pc"],
    ['a b', 'a?b'],
    ['x)(y', 'x??y'],
    ['x;\r\n\tfor <bob@example.org>', 'x????for??bob@example.org?'],
    ['bücher.example', 'b?cher.example'],
  ])('that calls itself %p is shown as %s (attack A6)', (heloName, expected) => {
    expect(lines(field({ session: { heloName } }))[0]).toBe(`Received: from ${expected} ([192.0.2.1])`);
  });
});

describe('received, the protocol (RFC 3848, RFC 6531 4.3)', () => {
  const cases = (['smtp', 'lmtp'] as const).flatMap((protocol) =>
    [false, true].flatMap((utf8) =>
      [undefined, TLS].flatMap((tls) => [undefined, ANN].map((identity) => ({ protocol, utf8, tls, identity }))),
    ),
  );

  it.each(cases)('%j', ({ protocol, utf8, tls, identity }) => {
    const name = `${utf8 ? 'UTF8' : protocol === 'smtp' ? 'E' : ''}${protocol === 'smtp' ? 'SMTP' : 'LMTP'}`;
    const expected = `${name}${tls ? 'S' : ''}${identity ? 'A' : ''}`;
    const session = { listener: { ...listener, protocol }, tls, identity };
    const envelope: Partial<Envelope> = { parameters: utf8 ? { SMTPUTF8: true } : {} };
    expect(lines(field({ session, envelope }))[1]).toBe(`\tby mx.example.org with ${expected} id id-1`);
  });

  it('is SMTP after HELO', () => {
    expect(lines(field({ session: { extended: false } }))[1]).toContain(' with SMTP id ');
    expect(lines(field({ session: { extended: false, tls: TLS } }))[1]).toContain(' with SMTP id ');
  });
});

describe('received and UTF-8', () => {
  const recipients = [{ mailbox: testMailbox('jörg@bücher.example'), parameters: {} }];

  it('shows such a recipient where the message said SMTPUTF8', () => {
    const text = field({ envelope: { recipients, parameters: { SMTPUTF8: true } } });
    expect(text).toContain('for <jörg@xn--bcher-kva.example>;');
  });

  it('and nowhere else', () => {
    expect(field({ envelope: { recipients } })).not.toContain('for');
  });
});

describe('received, the length of lines (RFC 5322 2.1.1)', () => {
  it('folds where a line would be longer than 78 characters', () => {
    const hostname = `${'h'.repeat(63)}.example.org`;
    const text = field({
      session: {
        heloName: `${'c'.repeat(60)}.example`,
        remoteAddress: '2001:db8:1111:2222:3333:4444:5555:6666',
        listener: { ...listener, hostname },
      },
    });
    expect(lines(text).slice(0, 4)).toEqual([
      `Received: from ${'c'.repeat(60)}.example`,
      '\t([IPv6:2001:db8:1111:2222:3333:4444:5555:6666])',
      `\tby ${hostname}`,
      '\twith ESMTP id id-1',
    ]);
    for (const line of lines(text)) expect(line.length).toBeLessThanOrEqual(84);
  });

  it('has no line longer than 998 octets, whatever the client says', () => {
    const text = field({ session: { heloName: 'x'.repeat(5000) } });
    for (const line of lines(text)) expect(line.length).toBeLessThan(300);
  });
});

describe('received, the date', () => {
  it('is the time of the message, also within a session', async () => {
    const clock = new FakeClock(NOON);
    const transform = make({}, clock);
    const date = () => lines(field({}, transform)).at(-2);
    expect(date()).toBe('\tFri, 20 Nov 2026 12:00:00 +0000');
    await clock.advance(999);
    expect(date()).toBe('\tFri, 20 Nov 2026 12:00:00 +0000');
    await clock.advance(1);
    expect(date()).toBe('\tFri, 20 Nov 2026 12:00:01 +0000');
  });

  it.each([
    [Date.UTC(2027, 0, 1, 0, 0, 0), 'Fri, 1 Jan 2027 00:00:00 +0000'],
    [Date.UTC(2028, 1, 29, 23, 59, 59), 'Tue, 29 Feb 2028 23:59:59 +0000'],
    [Date.UTC(2026, 6, 5, 3, 4, 5), 'Sun, 5 Jul 2026 03:04:05 +0000'],
    [0, 'Thu, 1 Jan 1970 00:00:00 +0000'],
  ])('%p is %s', (ms, expected) => {
    expect(lines(field({}, make({}, new FakeClock(ms)))).at(-2)).toBe(`\t${expected}`);
  });

  it('can be read again, all year', () => {
    for (let day = 0; day < 366; day++) {
      const ms = NOON + day * 86_400_000 + day * 61_000;
      expect(Date.parse(lines(field({}, make({}, new FakeClock(ms)))).at(-2) ?? '')).toBe(ms);
    }
  });
});

describe('receivedPlugin', () => {
  it('contributes the transform', () => {
    expect(contributionsOf(receivedPlugin)).toEqual([
      { kind: 'transform', name: 'received', value: ReceivedTransform },
    ]);
  });

  it('has options that are checked', () => {
    expect(receivedOptions.parse({})).toEqual({ id: true, for: true, tls: true, auth: false });
    expect(receivedOptions.safeParse({ ids: true }).success).toBe(false);
  });
});
