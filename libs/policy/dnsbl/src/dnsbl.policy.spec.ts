import { inspect } from 'node:util';
import { use, type Session } from '@mailverb/contract';
import { reverseLabels } from '@mailverb/dns';
import {
  FakeClock,
  TestDnsServer,
  acceptEverybody,
  contributionsOf,
  describePolicy,
  plainVerbs,
  recordingLogger,
  testContext,
  testEnvelope,
  testMailbox,
  testServer,
  testSession,
  type LogLine,
} from '@mailverb/testing';
import type { z } from 'zod';
import { dnsblOptions } from './dnsbl.options.js';
import { DnsblPolicy } from './dnsbl.policy.js';
import { dnsblPlugin } from './plugin.js';

type Written = z.input<typeof dnsblOptions>;

const LISTED = '192.0.2.1';
const at = (address: string, zone = 'bl.example') => `${reverseLabels(address) ?? ''}.${zone}`;

let dns: TestDnsServer;
let log: LogLine[] = [];
let made: DnsblPolicy[] = [];

beforeAll(async () => {
  dns = await TestDnsServer.start();
});

afterAll(async () => {
  await dns.stop();
});

beforeEach(() => {
  log = [];
  made = [];
});

afterEach(() => {
  for (const policy of made) policy.stop();
});

function make(options: Partial<Written> = {}): DnsblPolicy {
  const parsed = dnsblOptions.parse({
    lists: [{ zone: 'bl.example' }],
    // No answer is remembered, so that each test has its own.
    ...(options.dns === undefined ? { dns: { servers: [dns.address], timeout: '200ms', tries: 1, cache: 0 } } : {}),
    ...options,
  });
  const policy = new DnsblPolicy(parsed, new FakeClock(), recordingLogger(log));
  made.push(policy);
  return policy;
}

async function heard(policy: DnsblPolicy, session: Session, from: string | null = 'ann@sender.example') {
  const envelope = testEnvelope({ reversePath: from === null ? null : testMailbox(from) });
  const mailbox = testMailbox('bob@example.org');
  const verdict = await policy.rcpt?.({ session, envelope, mailbox, parameters: {} }, testContext());
  if (verdict === undefined) throw new Error('no say at rcpt');
  return verdict;
}

/** `pass`, or the reply that refuses. */
async function words(policy: DnsblPolicy, session: Partial<Session> = { remoteAddress: LISTED }, from?: string | null) {
  const verdict = await heard(policy, testSession(session), from);
  return 'reply' in verdict ? String(verdict.reply) : verdict.kind;
}

const REJECTED = '550 5.7.1 listed by bl.example';
const LATER = '451 4.4.3 cannot tell yet, try again later';

describe('with a server of its own', () => {
  let quiet: TestDnsServer | undefined;
  beforeAll(async () => {
    quiet = await TestDnsServer.start({
      [at(LISTED)]: { A: ['127.0.0.2'] },
      [at('100.1.2.3')]: 'SERVFAIL',
      'client.example.com.names.example': { A: ['127.0.0.2'] },
      'example.org.names.example': { A: ['127.255.255.254'] },
    });
  });
  afterAll(async () => {
    await quiet?.stop();
  });
  // The suite makes one to see its stages before any test has begun; that one asks nobody.
  const quietly = (options: Partial<Written>): DnsblPolicy =>
    make({ ...options, dns: { servers: quiet === undefined ? [] : [quiet.address] } });

  describePolicy(
    'dnsbl',
    () =>
      quietly({
        lists: [
          { zone: 'bl.example' },
          { zone: 'names.example', of: 'helo' },
          { zone: 'names.example', of: 'sender', name: 'senders' },
        ],
        onFailure: 'defer',
      }),
    { stages: ['rcpt'] },
  );
  describePolicy('dnsbl at connect', () => quietly({ at: 'connect' }), { stages: ['connect'] });
});

describe('dnsbl', () => {
  it('refuses who is listed, and nobody else', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    expect(await words(make())).toBe(REJECTED);
    expect(await words(make(), { remoteAddress: '192.0.2.10' })).toBe('pass');
    expect(await words(make(), { remoteAddress: '' })).toBe('pass');
  });

  it('asks about IPv6 addresses by nibbles, unless the list knows none', async () => {
    dns.set(at('2001:db8::1'), { A: ['127.0.0.2'] });
    const session = { remoteAddress: '2001:db8::1' };
    expect(await words(make(), session)).toBe(REJECTED);
    expect(await words(make({ lists: [{ zone: 'bl.example', families: ['ipv4'] }] }), session)).toBe('pass');
    expect(await words(make({ lists: [{ zone: 'bl.example', families: ['ipv6'] }] }))).toBe('pass');
  });

  it.each(['10.1.2.3', '127.0.0.1', '192.168.0.1', '100.64.0.1', '::1', 'fe80::1%eth0', 'fd00::1', ''])(
    'asks nobody about %j',
    async (remoteAddress) => {
      const before = dns.count();
      expect(await words(make(), { remoteAddress })).toBe('pass');
      expect(dns.count()).toBe(before);
    },
  );

  it('asks nobody about who is allowed', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    const before = dns.count();
    expect(await words(make({ allow: ['192.0.2.0/24'] }))).toBe('pass');
    expect(dns.count()).toBe(before);
  });

  it('adds weights, also of allow lists', async () => {
    dns.set(at(LISTED, 'a.example'), { A: ['127.0.0.2'] });
    dns.set(at(LISTED, 'b.example'), { A: ['127.0.0.2'] });
    dns.set(at(LISTED, 'white.example'), { A: ['127.0.5.3'] });
    const a = { zone: 'a.example', weight: 2 };
    const b = { zone: 'b.example', weight: 1.5 };
    const white = { zone: 'white.example', weight: -3 };
    const scores = { rejectScore: 3, deferScore: 2 };
    expect(await words(make({ lists: [a, b], ...scores }))).toBe('550 5.7.1 listed by a.example, b.example');
    expect(await words(make({ lists: [a], ...scores }))).toBe('451 4.7.1 listed by a.example, try again later');
    expect(await words(make({ lists: [b], ...scores }))).toBe('pass');
    expect(await words(make({ lists: [a, b, white], ...scores }))).toBe('pass');
    expect(await words(make({ lists: [a], rejectScore: 'never', deferScore: 1 }))).toContain('451 4.7.1');
  });

  it('notes the score, and who has said what', async () => {
    dns.set(at(LISTED, 'a.example'), { A: ['127.0.0.2'] });
    dns.set(at(LISTED, 'broken.example'), 'SERVFAIL');
    const lists = [{ zone: 'a.example', weight: 2 }, { zone: 'bl.example' }, { zone: 'broken.example', name: 'third' }];
    dns.delete(at(LISTED));
    const noted = await heard(make({ lists, rejectScore: 5 }), testSession({ remoteAddress: LISTED }));
    expect(noted).toEqual({ kind: 'pass', annotate: { score: '2', lists: 'a.example', silent: 'third' } });
    const refused = await heard(make({ lists, rejectScore: 2 }), testSession({ remoteAddress: LISTED }));
    expect(refused).toMatchObject({
      kind: 'reject',
      reason: 'score 2, listed by a.example',
      annotate: { score: '2', lists: 'a.example', silent: 'third' },
    });
    const clear = await heard(make(), testSession({ remoteAddress: '192.0.2.99' }));
    expect(clear).toEqual({ kind: 'pass', annotate: { score: '0' } });
  });
});

describe('answers of lists', () => {
  it.each<[string[], Written['lists'][number]['codes'], string]>([
    [['127.0.0.2'], undefined, REJECTED],
    [['127.0.1.4', '127.0.0.9'], undefined, REJECTED],
    [['127.0.0.10'], ['127.0.0.2', '127.0.0.4-9'], 'pass'],
    [['127.0.0.10', '127.0.0.9'], ['127.0.0.2', '127.0.0.4-9'], REJECTED],
    [['127.0.0.1'], ['127.0.0.1'], REJECTED],
    [['127.0.5.3'], ['127.0.*.2-3'], REJECTED],
    // An error, an error as some lists tell it, and a zone that somebody else has bought: no answer of a list.
    [['127.255.255.254'], undefined, LATER],
    [['127.255.255.254'], ['127.*.*.*'], LATER],
    [['127.0.0.1'], undefined, LATER],
    [['203.0.113.9'], undefined, LATER],
    [['203.0.113.9', '127.0.0.2'], undefined, REJECTED],
    [['127.255.255.252', '127.0.0.2'], undefined, REJECTED],
  ])('%j, where %j count: %s', async (answers, codes, expected) => {
    dns.set(at(LISTED), { A: answers });
    expect(await words(make({ lists: [{ zone: 'bl.example', codes }] }))).toBe(expected);
    expect(log.map(({ level, fields }) => [level, fields['list'], fields['reason']])).toEqual(
      expected === LATER ? [['warn', 'bl.example', `answered ${answers[0]}`]] : [],
    );
  });
});

describe('lists that do not answer (attack A26)', () => {
  const lists = [{ zone: 'bl.example' }, { zone: 'broken.example' }];

  it.each<[Written['onFailure'], string, string]>([
    ['skip', 'pass', 'pass'],
    ['defer', LATER, LATER],
    ['defer-if-all', 'pass', LATER],
    [undefined, 'pass', LATER],
  ])('%s: one of two: %s, all: %s', async (onFailure, one, all) => {
    dns.delete(at(LISTED));
    dns.set(at(LISTED, 'broken.example'), 'SERVFAIL');
    expect(await words(make({ lists, onFailure }))).toBe(one);
    dns.set(at(LISTED), 'REFUSED');
    expect(await words(make({ lists, onFailure }))).toBe(all);
    expect(log.map(({ fields }) => fields['reason'])).toEqual(['ESERVFAIL', 'EREFUSED', 'ESERVFAIL']);
  });

  it('do not undo what the others say', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    dns.set(at(LISTED, 'broken.example'), 'SERVFAIL');
    expect(await words(make({ lists }))).toBe(REJECTED);
  });

  it('are waited for no longer than the resolver waits, and no longer than the core does', async () => {
    dns.set(at(LISTED), 'silence');
    expect(await words(make())).toBe(LATER);
    const policy = make({ dns: { servers: [dns.address], timeout: '60s' } });
    const time = new AbortController();
    const envelope = testEnvelope();
    const input = {
      session: testSession({ remoteAddress: LISTED }),
      envelope,
      mailbox: testMailbox('b@c.example'),
      parameters: {},
    };
    const before = dns.count();
    const answer = policy.rcpt?.(input, { signal: time.signal });
    await dns.asked(before + 1);
    log.length = 0;
    time.abort();
    expect((await answer)?.kind).toBe('defer');
    expect(log).toEqual([]);
  });
});

describe('what is asked once', () => {
  it('is all asked at once, and remembered for the session', async () => {
    dns.set(at(LISTED, 'a.example'), { A: ['127.0.0.2'] });
    dns.delete(at(LISTED));
    const lists = [
      { zone: 'a.example' },
      { zone: 'bl.example' },
      { zone: 'sender.lists.example', of: 'sender' as const },
    ];
    const policy = make({ lists, rejectScore: 2 });
    const session = testSession({ remoteAddress: LISTED });
    const before = dns.count();
    dns.hold();
    const first = heard(policy, session);
    await dns.asked(before + 3);
    dns.release();
    expect(await first).toEqual({ kind: 'pass', annotate: { score: '1', lists: 'a.example' } });
    // What was noted once is not noted again.
    expect(await heard(policy, session)).toEqual({ kind: 'pass' });
    expect(dns.count()).toBe(before + 3);
    // Another sender is another question; the address is the same.
    await heard(policy, session, 'x@other.example');
    expect(dns.count()).toBe(before + 4);
    await heard(policy, session, null);
    expect(dns.count()).toBe(before + 4);
    // A session with another policy of the same kind knows nothing of this one.
    await heard(make({ lists }), session);
    expect(dns.count()).toBe(before + 7);
  });

  it('is asked again where nobody could tell', async () => {
    dns.set(at(LISTED), 'SERVFAIL');
    const policy = make();
    const session = testSession({ remoteAddress: LISTED });
    expect((await heard(policy, session)).kind).toBe('defer');
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    expect((await heard(policy, session)).kind).toBe('reject');
  });

  it('is about the client that a trusted peer presents, once it does', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    const policy = make();
    const session = testSession({ remoteAddress: '192.0.2.50' });
    expect((await heard(policy, session)).kind).toBe('pass');
    expect((await heard(policy, { ...session, remoteAddress: LISTED })).kind).toBe('reject');
  });
});

describe('lists of domains', () => {
  const helo: Partial<Written> = { lists: [{ zone: 'dbl.example', of: 'helo' }] };
  const sender: Partial<Written> = { lists: [{ zone: 'dbl.example', of: 'sender' }] };

  it('are asked about the name in HELO', async () => {
    dns.set('bad.example.dbl.example', { A: ['127.0.1.2'] });
    expect(await words(make(helo), { heloName: 'Bad.Example' })).toBe('550 5.7.1 listed by dbl.example');
    expect(await words(make(helo), { heloName: 'good.example' })).toBe('pass');
  });

  it("are asked about the sender's domain", async () => {
    dns.set('xn--bcher-kva.example.dbl.example', { A: ['127.0.1.2'] });
    expect(await words(make(sender), {}, 'ann@b\u00fccher.example')).toBe('550 5.7.1 listed by dbl.example');
    expect(await words(make(sender), {}, 'ann@good.example')).toBe('pass');
  });

  it('are not asked about what is no domain', async () => {
    const before = dns.count();
    for (const heloName of [
      undefined,
      'localhost',
      '192.0.2.1',
      '[192.0.2.1]',
      '[IPv6:2001:db8::1]',
      'a b.example',
      '',
    ]) {
      expect(await words(make(helo), { heloName })).toBe('pass');
    }
    for (const from of [null, 'ann@[192.0.2.1]', 'postmaster'])
      expect(await words(make(sender), {}, from)).toBe('pass');
    expect(dns.count()).toBe(before);
  });

  it('are not asked about a domain that is too long for them', async () => {
    const before = dns.count();
    expect(await words(make(helo), { heloName: `${'a.'.repeat(120)}example` })).toBe('pass');
    expect(dns.count()).toBe(before);
  });
});

describe('what is told to the client', () => {
  it('has the words of the weightiest list, if that is wanted, and cleaned (attack A6)', async () => {
    dns.set(at(LISTED, 'a.example'), { A: ['127.0.0.2'], TXT: ['light'] });
    dns.set(at(LISTED, 'b.example'), { A: ['127.0.0.2'], TXT: [`see\r\n250 \u0000\u202e${'x'.repeat(300)}`] });
    const lists = [{ zone: 'a.example' }, { zone: 'b.example', weight: 2 }];
    const [line = ''] = [await words(make({ lists, text: true }))];
    expect(line).toMatch(/^550 5\.7\.1 listed by a\.example, b\.example: see\?\?250 [ -~]+$/);
    expect(line.length).toBeLessThan(260);
    expect(await words(make({ lists }))).toBe('550 5.7.1 listed by a.example, b.example');
  });

  it('does without them where the list has none, or does not say', async () => {
    for (const txt of [{}, { TXT: 'SERVFAIL' as const }, { TXT: [] }]) {
      dns.set(at(LISTED), { A: ['127.0.0.2'], ...txt });
      expect(await words(make({ text: true }))).toBe(REJECTED);
    }
  });

  it('never has a zone that was given another name: it may hold a key (attack A23)', async () => {
    const zone = 'k3y0123456789abcdefghijklm.dq.example';
    const options: Partial<Written> = { lists: [{ zone, name: 'dq' }], text: true };
    dns.set(at(LISTED, zone), { A: ['127.0.0.2'], TXT: [`ask ${zone.toUpperCase()}`] });
    const refused = await heard(make(options), testSession({ remoteAddress: LISTED }));
    expect(String('reply' in refused && refused.reply)).toBe('550 5.7.1 listed by dq');
    dns.set(at(LISTED, zone), 'SERVFAIL');
    const policy = make(options);
    const deferred = await heard(policy, testSession({ remoteAddress: LISTED }));
    const everything = inspect([refused, deferred, log, policy], { depth: 9, showHidden: true });
    expect(everything).toContain('dq');
    expect(everything.toLowerCase()).not.toContain('k3y0123456789');
  });

  it('is a greeting where it takes the place of one', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    const said = async (options: Partial<Written>, remoteAddress = LISTED) => {
      const verdict = await make({ at: 'connect', ...options }).connect?.(
        { session: testSession({ phase: 'connected', remoteAddress }) },
        testContext(),
      );
      return verdict !== undefined && 'reply' in verdict ? String(verdict.reply) : verdict?.kind;
    };
    expect(await said({})).toBe('554 listed by bl.example');
    expect(await said({ rejectScore: 2, deferScore: 1 })).toBe('421 listed by bl.example, try again later');
    expect(await said({}, '192.0.2.99')).toBe('pass');
    dns.set(at(LISTED), 'SERVFAIL');
    expect(await said({})).toBe('421 cannot tell yet, try again later');
  });
});

describe('options of dnsbl', () => {
  const list = { zone: 'bl.example' };
  it.each<[string, unknown]>([
    ['lists', { lists: [] }],
    ['lists', {}],
    ['lists.0.zone', { lists: [{ zone: 'bl example' }] }],
    ['lists.0.zone', { lists: [{ zone: 'localhost' }] }],
    ['lists.0.zone', { lists: [{ zone: `${'a.'.repeat(95)}example` }] }],
    ['lists.0.weight', { lists: [{ ...list, weight: 0 }] }],
    ['lists', { lists: [{ ...list, weight: -1 }] }],
    ['lists.0.codes.1', { lists: [{ ...list, codes: ['127.0.0.2', '10.0.0.1'] }] }],
    ['lists.0.codes', { lists: [{ ...list, codes: [] }] }],
    ['lists.0.families', { lists: [{ ...list, families: [] }] }],
    ['lists.0.name', { lists: [{ ...list, name: 'a b' }] }],
    ['lists.0.name', { lists: [{ zone: 'k3y0123456789abcdefghijklm.dq.example' }] }],
    ['lists.0.of', { lists: [{ ...list, of: 'helo' }], at: 'connect' }],
    ['deferScore', { lists: [list], deferScore: 1 }],
    ['deferScore', { lists: [list], rejectScore: 'never' }],
    ['rejectScore', { lists: [list], rejectScore: 0 }],
    ['allow.0', { lists: [list], allow: ['10'] }],
    ['dns.servers.0', { lists: [list], dns: { servers: ['x'] } }],
    ['', { lists: [list], zone: 'x' }],
  ])('are refused at %s', (path, options) => {
    const paths = dnsblOptions.safeParse(options).error?.issues.map((issue) => issue.path.join('.'));
    expect(paths).toContain(path);
  });
});

describe('dnsblPlugin', () => {
  it('contributes the policy', () => {
    expect(contributionsOf(dnsblPlugin)).toEqual([{ kind: 'policy', name: 'dnsbl', value: DnsblPolicy }]);
  });

  it('refuses within a session, for each recipient, and lets the next session be', async () => {
    dns.set(at(LISTED), { A: ['127.0.0.2'] });
    const policy = use(dnsblPlugin, {
      lists: [{ zone: 'bl.example' }],
      dns: { servers: [dns.address] },
    });
    const server = await testServer({ plugins: [plainVerbs(), acceptEverybody(), policy] });
    const listed = server.client();
    await listed.reply();
    await listed.command('EHLO client.example.net');
    await listed.command('MAIL FROM:<ann@sender.example>');
    for (const to of ['a@example.org', 'b@example.org']) {
      expect(await listed.command(`RCPT TO:<${to}>`)).toMatchObject({ code: 550 });
    }
    const other = server.client({ remoteAddress: '192.0.2.77' });
    await other.untilData('ann@sender.example', 'a@example.org');
    expect(server.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    await server.stop();
  });
});
