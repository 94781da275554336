import { use, type Session } from '@mailverb/contract';
import { reverseName } from '@mailverb/dns';
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
  type DnsRecords,
  type LogLine,
} from '@mailverb/testing';
import type { z } from 'zod';
import { fcrdnsOptions } from './fcrdns.options.js';
import { FcrdnsPolicy } from './fcrdns.policy.js';
import { fcrdnsPlugin } from './plugin.js';

type Written = z.input<typeof fcrdnsOptions>;

const CLIENT = '192.0.2.1';
const at = (address: string) => reverseName(address) ?? '';

let dns: TestDnsServer | undefined;
let log: LogLine[] = [];
let made: FcrdnsPolicy[] = [];

beforeEach(async () => {
  log = [];
  made = [];
  dns = await TestDnsServer.start({
    [at(CLIENT)]: { PTR: ['mail.example.net'] },
    'mail.example.net': { A: ['203.0.113.9', CLIENT] },
    [at('2001:db8::1')]: { PTR: ['six.example.net'] },
    'six.example.net': { AAAA: ['2001:db8:0:0::1'] },
    // A name, but not of this address.
    [at('192.0.2.2')]: { PTR: ['mail.example.net', 'nowhere.example'] },
    [at('192.0.2.3')]: 'SERVFAIL',
    [at('192.0.2.4')]: { PTR: ['broken.example'] },
    'broken.example': 'SERVFAIL',
    [at('192.0.2.5')]: { PTR: ['a b.example', '.'] },
    [at('192.0.2.6')]: { PTR: ['192-0-2-6.dyn.example.net'] },
    '192-0-2-6.dyn.example.net': { A: ['192.0.2.6'] },
    [at('192.0.2.7')]: { PTR: ['broken.example', 'mail.example.net', 'seven.example.net'] },
    'seven.example.net': { A: ['192.0.2.7'] },
    [at('192.0.2.8')]: 'silence',
    [at('10.0.0.1')]: { PTR: ['printer.example.net'] },
    'printer.example.net': { A: ['10.0.0.1'] },
  });
});

afterEach(async () => {
  for (const policy of made) policy.stop();
  await dns?.stop();
});

function make(options: Written = {}): FcrdnsPolicy {
  const servers = dns === undefined ? [] : [dns.address];
  const parsed = fcrdnsOptions.parse({ dns: { servers, cache: 0 }, ...options });
  const policy = new FcrdnsPolicy(parsed, new FakeClock(), recordingLogger(log));
  made.push(policy);
  return policy;
}

async function heard(policy: FcrdnsPolicy, session: Session) {
  const input = { session, envelope: testEnvelope(), mailbox: testMailbox('bob@example.org'), parameters: {} };
  const verdict = await policy.rcpt?.(input, testContext());
  if (verdict === undefined) throw new Error('no say at rcpt');
  return verdict;
}

/** `pass`, or the reply that refuses; and what was noted. */
async function words(options: Written, session: Partial<Session>): Promise<[string, unknown]> {
  const verdict = await heard(make(options), testSession(session));
  return ['reply' in verdict ? String(verdict.reply) : verdict.kind, verdict.annotate];
}

const NAMELESS = '550 5.7.25 your address has no name';
const UNCONFIRMED = '550 5.7.25 the name of your address does not lead back to it';
const GENERIC = '550 5.7.1 your host has the name of a dynamic address';
const FAILED = '451 4.4.3 the name of your address cannot be looked up now, try again later';

describePolicy('fcrdns', () => make({ generic: 'reject' }), { stages: ['rcpt'], clients: ['192.0.2.2', '192.0.2.6'] });
describePolicy('fcrdns at connect', () => make({ at: 'connect' }), { stages: ['connect'] });

describe('fcrdns, if nothing is said', () => {
  it.each<[string, string, unknown]>([
    [CLIENT, 'pass', { iprev: 'pass', rdns: 'mail.example.net' }],
    ['2001:db8::1', 'pass', { iprev: 'pass', rdns: 'six.example.net' }],
    ['192.0.2.7', 'pass', { iprev: 'pass', rdns: 'seven.example.net' }],
    ['192.0.2.6', 'pass', { iprev: 'pass', rdns: '192-0-2-6.dyn.example.net' }],
    ['192.0.2.99', NAMELESS, { iprev: 'permerror' }],
    ['2001:db8::2', NAMELESS, { iprev: 'permerror' }],
    ['192.0.2.5', NAMELESS, { iprev: 'permerror' }],
    ['192.0.2.2', UNCONFIRMED, { iprev: 'fail' }],
    ['192.0.2.3', FAILED, { iprev: 'temperror' }],
    ['192.0.2.4', FAILED, { iprev: 'temperror' }],
  ])('%s: %s', async (remoteAddress, expected, notes) => {
    expect(await words({}, { remoteAddress })).toEqual([expected, notes]);
  });

  it.each(['10.0.0.1', '127.0.0.1', '::1', 'fe80::1%eth0', ''])('asks nothing about %j', async (remoteAddress) => {
    expect(await words({}, { remoteAddress })).toEqual(['pass', undefined]);
    expect(dns?.count()).toBe(0);
  });

  it('says why in the log, where it can not tell, and no name of a zone', async () => {
    await words({}, { remoteAddress: '192.0.2.3' });
    await words({}, { remoteAddress: '192.0.2.2' });
    expect(log.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { reason: 'ESERVFAIL', session: 'test-session' }],
    ]);
  });
});

describe('fcrdns as it is told', () => {
  it.each<[Written, string, string]>([
    [{ noName: 'defer' }, '192.0.2.99', '451 4.7.25 your address has no name, try again later'],
    [{ noName: 'pass' }, '192.0.2.99', 'pass'],
    [{ noName: 'pass' }, '192.0.2.2', UNCONFIRMED],
    [
      { unconfirmed: 'defer' },
      '192.0.2.2',
      '451 4.7.25 the name of your address does not lead back to it, try again later',
    ],
    [{ unconfirmed: 'pass' }, '192.0.2.2', 'pass'],
    [{ unconfirmed: 'pass' }, '192.0.2.99', NAMELESS],
    [{ onFailure: 'pass' }, '192.0.2.3', 'pass'],
    [{ onFailure: 'pass', unconfirmed: 'reject' }, '192.0.2.4', 'pass'],
    [{ generic: 'reject' }, '192.0.2.6', GENERIC],
    [{ generic: 'defer' }, '192.0.2.6', '451 4.7.1 your host has the name of a dynamic address, try again later'],
    [{ generic: 'reject' }, CLIENT, 'pass'],
    [{ generic: 'reject', genericNames: ['*.example.net'] }, CLIENT, GENERIC],
    [{ genericNames: ['*.example.net'] }, CLIENT, 'pass'],
    [{ generic: 'reject', properNames: ['*.dyn.example.net'] }, '192.0.2.6', 'pass'],
    [{ generic: 'reject', genericNames: ['*.example.net'], properNames: ['mail.example.net'] }, CLIENT, 'pass'],
    [{ allow: ['192.0.2.99'] }, '192.0.2.99', 'pass'],
    [{ askPrivate: true }, '10.0.0.1', 'pass'],
    [{ askPrivate: true }, '10.0.0.2', NAMELESS],
    [{ askPrivate: true }, '', 'pass'],
  ])('%j, %s: %s', async (options, remoteAddress, expected) => {
    expect((await words(options, { remoteAddress }))[0]).toBe(expected);
  });

  it('notes a private name that it was told to ask for', async () => {
    const [, notes] = await words({ askPrivate: true }, { remoteAddress: '10.0.0.1' });
    expect(notes).toEqual({ iprev: 'pass', rdns: 'printer.example.net' });
  });

  it('tries as many names as it is told, the same each time (attack A13)', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `n${String(i).padStart(2, '0')}.example.net`);
    const records: DnsRecords = { PTR: names.toReversed() };
    dns?.set(at('192.0.2.50'), records);
    dns?.set('n03.example.net', { A: ['192.0.2.50'] });
    expect((await words({ maxNames: 3 }, { remoteAddress: '192.0.2.50' }))[0]).toBe(UNCONFIRMED);
    expect(dns?.queries.map(({ name }) => name)).toEqual([at('192.0.2.50'), ...names.slice(0, 3)]);
    expect((await words({ maxNames: 4 }, { remoteAddress: '192.0.2.50' }))[0]).toBe('pass');
  });

  it('is a greeting where it takes the place of one', async () => {
    const said = async (remoteAddress: string) => {
      const session = testSession({ phase: 'connected', remoteAddress });
      const verdict = await make({ at: 'connect' }).connect?.({ session }, testContext());
      return verdict !== undefined && 'reply' in verdict ? String(verdict.reply) : verdict?.kind;
    };
    expect(await said(CLIENT)).toBe('pass');
    expect(await said('192.0.2.99')).toBe('554 your address has no name');
    expect(await said('192.0.2.3')).toBe('421 the name of your address cannot be looked up now, try again later');
  });
});

describe('a session', () => {
  it('is asked about once, and noted once', async () => {
    const policy = make();
    const session = testSession({ remoteAddress: CLIENT });
    expect((await heard(policy, session)).annotate).toBeDefined();
    const before = dns?.count();
    expect(await heard(policy, session)).toEqual({ kind: 'pass' });
    expect(dns?.count()).toBe(before);
  });

  it('is asked about again where the DNS could not tell', async () => {
    const policy = make();
    const session = testSession({ remoteAddress: '192.0.2.3' });
    expect((await heard(policy, session)).kind).toBe('defer');
    dns?.set(at('192.0.2.3'), { PTR: ['three.example.net'] });
    dns?.set('three.example.net', { A: ['192.0.2.3'] });
    expect(await heard(policy, session)).toMatchObject({ kind: 'pass', annotate: { rdns: 'three.example.net' } });
  });

  it('of a client that a trusted peer presents is about that client, whose name is believed if it is told', async () => {
    const policy = make({ generic: 'reject' });
    const session = testSession({ remoteAddress: CLIENT });
    await heard(policy, session);
    expect((await heard(policy, { ...session, remoteAddress: '192.0.2.99' })).kind).toBe('reject');
    const before = dns?.count();
    const told = { remoteAddress: '192.0.2.99', remoteName: 'Told.example.net' };
    expect(await heard(policy, testSession(told))).toEqual({
      kind: 'pass',
      annotate: { iprev: 'pass', rdns: 'told.example.net' },
    });
    const generic = { remoteAddress: '192.0.2.99', remoteName: '192-0-2-99.dyn.example.net' };
    expect((await heard(policy, testSession(generic))).kind).toBe('reject');
    expect(dns?.count()).toBe(before);
    expect((await heard(policy, testSession({ remoteAddress: '192.0.2.99', remoteName: 'no name' }))).kind).toBe(
      'reject',
    );
  });

  it('ends the waiting when its time is up, and that is nothing for the log', async () => {
    const policy = make({ dns: { servers: [dns?.address ?? ''], timeout: '60s' } });
    const time = new AbortController();
    const session = testSession({ remoteAddress: '192.0.2.8' });
    const input = { session, envelope: testEnvelope(), mailbox: testMailbox('bob@example.org'), parameters: {} };
    const answer = policy.rcpt?.(input, { signal: time.signal });
    await dns?.asked(1);
    time.abort();
    expect((await answer)?.kind).toBe('defer');
    expect(log).toEqual([]);
  });
});

describe('options of fcrdns', () => {
  it.each([
    { noName: 'accept' },
    { onFailure: 'reject' },
    { maxNames: 0 },
    { maxNames: 21 },
    { genericNames: ['a b'] },
    { allow: ['10'] },
    { at: 'helo' },
    { dns: { timeout: '1ms' } },
    { names: 5 },
  ])('refuse %j', (options) => {
    expect(fcrdnsOptions.safeParse(options).success).toBe(false);
  });
});

describe('fcrdnsPlugin', () => {
  it('contributes the policy', () => {
    expect(contributionsOf(fcrdnsPlugin)).toEqual([{ kind: 'policy', name: 'fcrdns', value: FcrdnsPolicy }]);
  });

  it('notes the name for whoever comes after it, and refuses who has none', async () => {
    const policy = use(fcrdnsPlugin, { dns: { servers: [dns?.address ?? ''] } });
    const server = await testServer({ plugins: [plainVerbs(), acceptEverybody(), policy] });
    const named = server.client({ remoteAddress: CLIENT });
    await named.untilData('ann@sender.example', 'a@example.org', 'b@example.org');
    const nameless = server.client({ remoteAddress: '192.0.2.99' });
    await nameless.reply();
    await nameless.commands('EHLO client.example.net', 'MAIL FROM:<ann@sender.example>');
    expect(await nameless.command('RCPT TO:<a@example.org>')).toMatchObject({ code: 550 });
    expect(server.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    await server.stop();
  });
});
