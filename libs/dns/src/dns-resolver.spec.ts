import { FakeClock, TestDnsServer, settle, within } from '@mailverb/testing';
import type { z } from 'zod';
import { DnsResolver } from './dns-resolver.js';
import { dnsOptions } from './dns.options.js';

let server: TestDnsServer;
let clock: FakeClock;
let dns: DnsResolver;

const make = (options: z.input<ReturnType<typeof dnsOptions>> = {}): DnsResolver =>
  new DnsResolver(dnsOptions().parse({ servers: [server.address], ...options }), clock);

beforeEach(async () => {
  clock = new FakeClock();
  server = await TestDnsServer.start({
    'example.org': {
      A: ['192.0.2.1', '192.0.2.2'],
      AAAA: ['2001:db8::1'],
      MX: [
        [10, 'MX.example.org'],
        [20, 'mx2.example.org'],
      ],
      TXT: ['v=spf1 -all', ['one ', 'two']],
      ttl: 120,
    },
    'www.example.org': { CNAME: 'example.org' },
    'xn--bcher-kva.example': { A: ['192.0.2.3'] },
    'null.example': { MX: [[0, '.']] },
    'odd.example': {
      MX: [
        [1, 'a b.example'],
        [2, '-x.example'],
        [3, 'good.example'],
      ],
    },
    'fleeting.example': { A: ['192.0.2.4'], ttl: 0 },
    'lasting.example': { A: ['192.0.2.5'], ttl: 1_000_000 },
    'many.example': { A: Array.from({ length: 300 }, (_, i) => `192.0.2.${i % 250}`) },
    'chatty.example': { TXT: Array.from({ length: 60 }, () => 'x'.repeat(250)) },
    'loop.example': { CNAME: 'loop.example' },
    'broken.example': 'SERVFAIL',
    'refused.example': 'REFUSED',
    'garbage.example': 'garbage',
    'silent.example': 'silence',
    'cut.example': { A: ['192.0.2.6'], truncated: true },
    '1.2.0.192.in-addr.arpa': { PTR: ['Host.example.org', 'no name.example', 'second.example.org'] },
    '2.2.0.192.in-addr.arpa': { PTR: ['no name.example'] },
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['six.example.org'] },
  });
  dns = make();
});

afterEach(async () => {
  dns.close();
  await server.stop();
  // No alarm outlives its lookup.
  await settle();
  expect(clock.pending).toBe(0);
});

const found = (...records: unknown[]) => ({ kind: 'found', records });
const failed = (reason: string) => ({ kind: 'failed', reason });
const NXDOMAIN = { kind: 'none', exists: false };
const NODATA = { kind: 'none', exists: true };

describe('what is found', () => {
  it('addresses', async () => {
    expect(await dns.a('example.org')).toEqual(found('192.0.2.1', '192.0.2.2'));
    expect(await dns.aaaa('example.org')).toEqual(found('2001:db8::1'));
    expect(await dns.a('www.example.org')).toEqual(found('192.0.2.1', '192.0.2.2'));
    expect(await dns.a('cut.example')).toEqual(found('192.0.2.6'));
    expect(server.count('cut.example')).toBe(2);
  });

  it('mail exchangers', async () => {
    expect(await dns.mx('example.org')).toEqual(
      found({ preference: 10, exchange: 'mx.example.org' }, { preference: 20, exchange: 'mx2.example.org' }),
    );
    expect(await dns.mx('null.example')).toEqual(found({ preference: 0, exchange: '' }));
    expect(await dns.mx('odd.example')).toEqual(found({ preference: 3, exchange: 'good.example' }));
  });

  it('texts', async () => {
    expect(await dns.txt('example.org')).toEqual(found('v=spf1 -all', 'one two'));
  });

  it('names of addresses', async () => {
    expect(await dns.ptr('192.0.2.1')).toEqual(found('host.example.org', 'second.example.org'));
    expect(await dns.ptr('::ffff:192.0.2.1')).toEqual(found('host.example.org', 'second.example.org'));
    expect(await dns.ptr('2001:db8::1')).toEqual(found('six.example.org'));
    expect(await dns.ptr('192.0.2.2')).toEqual(found());
  });

  it('is bounded, and nobody can change it for others (attack A13)', async () => {
    const many = await dns.a('many.example');
    expect(many.kind === 'found' && many.records.length).toBe(100);
    const chatty = await dns.txt('chatty.example');
    expect(chatty.kind === 'found' && chatty.records.join('').length).toBe(8192);
    expect(Object.isFrozen(many) && many.kind === 'found' && Object.isFrozen(many.records)).toBe(true);
  });
});

describe('what is not there, or not to be had', () => {
  it('tells a name that does not exist from one without records', async () => {
    expect(await dns.a('nowhere.example')).toEqual(NXDOMAIN);
    expect(await dns.mx('www.nowhere.example')).toEqual(NXDOMAIN);
    expect(await dns.aaaa('null.example')).toEqual(NODATA);
    expect(await dns.a('loop.example')).toEqual(NODATA);
  });

  it('tells failures from both, by a code without the name', async () => {
    expect(await dns.a('broken.example')).toEqual(failed('ESERVFAIL'));
    expect(await dns.mx('refused.example')).toEqual(failed('EREFUSED'));
    expect(await dns.txt('garbage.example')).toEqual(failed('EBADRESP'));
  });

  it('fails where nobody is there to be asked', async () => {
    const gone = await TestDnsServer.start();
    await gone.stop();
    const lost = make({ servers: [gone.address], tries: 1 });
    expect(await lost.a('example.org')).toEqual(failed('ECONNREFUSED'));
  });
});

describe('names', () => {
  it('are one name however they are written', async () => {
    await Promise.all(['Example.org', 'example.org.', 'EXAMPLE.ORG'].map((name) => dns.a(name)));
    expect(server.count()).toBe(1);
    expect(await dns.a('B\u00fccher.example')).toEqual(found('192.0.2.3'));
  });

  it.each([
    '',
    '.',
    'a b',
    'a\r\nb.example',
    `${'x'.repeat(64)}.example`,
    `${'x.'.repeat(130)}y`,
    '[192.0.2.1]',
    '*.x',
  ])('that can not be one are not asked for: %j', async (name) => {
    expect(await dns.a(name)).toEqual(NXDOMAIN);
    expect(await dns.mx(name)).toEqual(NXDOMAIN);
    expect(await dns.txt(name)).toEqual(NXDOMAIN);
    expect(await dns.ptr(name)).toEqual(NXDOMAIN);
    expect(server.count()).toBe(0);
  });

  it('that are addresses have none', async () => {
    expect(await dns.a('192.0.2.1')).toEqual(NXDOMAIN);
    expect(await dns.aaaa('2001:db8::1')).toEqual(NXDOMAIN);
    expect(server.count()).toBe(0);
  });
});

describe('the cache', () => {
  async function asksAgainAfter(ms: number, lookUp: () => Promise<unknown>): Promise<void> {
    await lookUp();
    const before = server.count();
    await clock.advance(ms - 1);
    await lookUp();
    expect(server.count()).toBe(before);
    await clock.advance(1);
    await lookUp();
    expect(server.count()).toBe(before + 1);
  }

  it('keeps addresses for their TTL, an hour at most', async () => {
    await asksAgainAfter(120_000, () => dns.a('example.org'));
    await asksAgainAfter(3_600_000, () => dns.a('lasting.example'));
  });

  it('keeps no address whose TTL is 0', async () => {
    await dns.a('fleeting.example');
    await dns.a('fleeting.example');
    expect(server.count()).toBe(2);
  });

  it('keeps for a short while what has no TTL here, what is not there, and what failed', async () => {
    await asksAgainAfter(60_000, () => dns.mx('example.org'));
    await asksAgainAfter(30_000, () => dns.a('nowhere.example'));
    await asksAgainAfter(5000, () => dns.a('broken.example'));
  });

  it('tells types apart', async () => {
    await dns.a('example.org');
    await dns.aaaa('example.org');
    expect(server.count()).toBe(2);
  });

  it('is as large as it is told to be', async () => {
    const small = make({ cache: 1 });
    await small.a('example.org');
    await small.a('lasting.example');
    await small.a('example.org');
    expect(server.count('example.org', 'A')).toBe(2);
    const none = make({ cache: 0 });
    await none.a('lasting.example');
    await none.a('lasting.example');
    expect(server.count('lasting.example', 'A')).toBe(3);
  });
});

describe('waiting', () => {
  it('is shared by all who ask the same at once', async () => {
    server.hold();
    const answers = Promise.all([dns.a('example.org'), dns.a('example.org'), dns.a('EXAMPLE.org')]);
    await server.asked(1);
    await settle();
    server.release();
    expect(await answers).toEqual(Array(3).fill(found('192.0.2.1', '192.0.2.2')));
    expect(server.count()).toBe(1);
  });

  it('ends for who gives up, and for nobody else', async () => {
    server.hold();
    const stop = new AbortController();
    const impatient = dns.a('example.org', stop.signal);
    const patient = dns.a('example.org', new AbortController().signal);
    await server.asked(1);
    stop.abort();
    expect(await impatient).toEqual(failed('EABORTED'));
    expect(await dns.a('example.org', stop.signal)).toEqual(failed('EABORTED'));
    server.release();
    expect(await patient).toEqual(found('192.0.2.1', '192.0.2.2'));
    expect(server.count()).toBe(1);
    // And it was remembered for the next.
    expect(await dns.a('example.org')).toEqual(found('192.0.2.1', '192.0.2.2'));
    expect(server.count()).toBe(1);
  });

  it('ends when the time is up, by our clock', async () => {
    const slow = make({ timeout: '3s' });
    const answer = slow.a('silent.example');
    await server.asked(1);
    await clock.advance(2999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await answer).toEqual(failed('ETIMEOUT'));
    slow.close();
  });

  it('ends by itself where our clock stands still', async () => {
    const quick = make({ timeout: '100ms', tries: 1 });
    expect(await quick.a('silent.example')).toEqual(failed('ETIMEOUT'));
    expect(server.count()).toBe(1);
  });

  it('asks as often as it is told', async () => {
    const quick = make({ timeout: '100ms', tries: 2 });
    expect(await quick.a('silent.example')).toEqual(failed('ETIMEOUT'));
    expect(server.count()).toBe(2);
  });

  it('ends when it is closed, and that is not remembered', async () => {
    const answer = dns.a('silent.example');
    await server.asked(1);
    dns.close();
    expect(await within(answer, () => new Error('still waiting'))).toEqual(failed('ECANCELLED'));
    server.set('silent.example', { A: ['192.0.2.7'] });
    expect(await dns.a('silent.example')).toEqual(found('192.0.2.7'));
  });
});
