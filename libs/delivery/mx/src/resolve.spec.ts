import { DnsResolver } from '@mailverb/dns';
import { FakeClock, TestDnsServer, testMailbox, within, type DnsTable } from '@mailverb/testing';
import { z } from 'zod';
import { resolveShape } from './resolve.options.js';
import { MxResolver, type ResolveSurroundings } from './resolve.js';

const schema = z.strictObject(resolveShape);
type Written = z.input<typeof schema>;

const US = 'mx.test.example';
let server: TestDnsServer;
let open: DnsResolver[];

beforeEach(() => {
  open = [];
});

afterEach(async () => {
  for (const dns of open) dns.close();
  await server.stop();
});

async function start(table: DnsTable): Promise<void> {
  server = await TestDnsServer.start(table);
}

function make(options: Written = {}, surroundings: ResolveSurroundings = {}): MxResolver {
  const parsed = schema.parse({ dns: { servers: [server.address] }, ...options });
  const dns = new DnsResolver(parsed.dns, new FakeClock());
  open.push(dns);
  return new MxResolver(dns, parsed, { random: () => 0, machineAddresses: () => ['198.51.100.1'], ...surroundings });
}

/** `name preference address address; …`, or the reply and the reason. */
async function route(to: string, options?: Written, surroundings?: ResolveSurroundings): Promise<string> {
  const found = await make(options, surroundings).resolve(testMailbox(to).host, US);
  if (found.kind === 'refused') return `${String(found.reply)} (${found.reason})`;
  return found.hosts
    .map(({ name, preference, addresses }) => [name, preference, ...addresses.map(({ address }) => address)].join(' '))
    .join('; ');
}

const LATER = '451 4.4.3 the domain cannot be looked up now, try again later';
const NO_ROUTE = '550 5.4.4 no mail server of the domain can be reached from here';
const LOOP = '554 5.4.6 mail for the domain loops back to us';

describe('the servers of a domain', () => {
  it('are its MX, the best first, with their addresses of both families in turn', async () => {
    await start({
      'example.org': {
        MX: [
          [20, 'backup.example.net'],
          [10, 'MX.example.org'],
          [20, 'other.example.net'],
        ],
      },
      'mx.example.org': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1', '2001:db8:0:0::2'] },
      'backup.example.net': { A: ['192.0.2.3'] },
      'other.example.net': { AAAA: ['2001:db8::3'] },
    });
    const found = await make().resolve(testMailbox('ann@Example.org').host, US);
    expect(found).toEqual({
      kind: 'hosts',
      hosts: [
        {
          name: 'mx.example.org',
          preference: 10,
          addresses: [
            { address: '2001:db8::1', family: 6 },
            { address: '192.0.2.1', family: 4 },
            { address: '2001:db8::2', family: 6 },
            { address: '192.0.2.2', family: 4 },
          ],
        },
        { name: 'other.example.net', preference: 20, addresses: [{ address: '2001:db8::3', family: 6 }] },
        { name: 'backup.example.net', preference: 20, addresses: [{ address: '192.0.2.3', family: 4 }] },
      ],
    });
    const other = await make({}, { random: () => 0.99 }).resolve(testMailbox('ann@example.org').host, US);
    expect(other.kind === 'hosts' && other.hosts.map(({ name }) => name)).toEqual([
      'mx.example.org',
      'backup.example.net',
      'other.example.net',
    ]);
  });

  it('is the domain itself where it has no MX (RFC 5321 5.1)', async () => {
    await start({
      'example.org': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
      'www.example.org': { CNAME: 'example.org' },
    });
    expect(await route('ann@example.org')).toBe('example.org 0 2001:db8::1 192.0.2.1');
    expect(await route('ann@www.example.org')).toBe('www.example.org 0 2001:db8::1 192.0.2.1');
  });

  it('are found behind aliases, and for domains in any script', async () => {
    await start({
      'alias.example.org': { CNAME: 'example.org' },
      'example.org': { MX: [[10, 'smtp.example.org']] },
      'smtp.example.org': { CNAME: 'host.example.net' },
      'host.example.net': { A: ['192.0.2.1'] },
      'xn--bcher-kva.example': { MX: [[10, 'host.example.net']] },
    });
    expect(await route('ann@alias.example.org')).toBe('smtp.example.org 10 192.0.2.1');
    expect(await route('ann@b\u00fccher.example')).toBe('host.example.net 10 192.0.2.1');
  });

  it('are no more than we want to try, each address once (attack A13)', async () => {
    await start({
      'example.org': { MX: Array.from({ length: 9 }, (_, i) => [i, `mx${i}.example.org`] as const) },
      'mx0.example.org': { A: ['192.0.2.1', '192.0.2.2', '192.0.2.3'], AAAA: ['2001:db8::1', '2001:db8::2'] },
      'mx1.example.org': { A: ['192.0.2.1', '192.0.2.9'] },
      '*.example.org': { A: ['192.0.2.9'] },
    });
    expect(await route('ann@example.org', { maxHosts: 3, maxAddresses: 3 })).toBe(
      'mx0.example.org 0 2001:db8::1 192.0.2.1 2001:db8::2; mx1.example.org 1 192.0.2.9',
    );
    expect(server.count('mx3.example.org')).toBe(0);
  });

  it('are those that can be found: one that fails, or has no address, is left out', async () => {
    await start({
      'example.org': {
        MX: [
          [1, 'broken.example.org'],
          [2, 'nowhere.example'],
          [3, 'half.example.org'],
          [4, 'good.example.org'],
        ],
      },
      'broken.example.org': 'SERVFAIL',
      'half.example.org': { A: ['192.0.2.3'], AAAA: 'SERVFAIL' },
      'good.example.org': { A: ['192.0.2.4'] },
    });
    expect(await route('ann@example.org')).toBe('half.example.org 3 192.0.2.3; good.example.org 4 192.0.2.4');
  });

  it('is the address of a literal', async () => {
    await start({});
    expect(await route('ann@[192.0.2.1]')).toBe('192.0.2.1 0 192.0.2.1');
    expect(await route('ann@[IPv6:2001:DB8:0:0::1]')).toBe('2001:db8::1 0 2001:db8::1');
    expect(await route('ann@[IPv6:::ffff:192.0.2.1]')).toBe('192.0.2.1 0 192.0.2.1');
    const literal = await make().resolve(testMailbox('ann@[192.0.2.1]').host, US);
    expect(literal.kind === 'hosts' && literal.hosts[0]?.addresses[0]?.family).toBe(4);
    expect(server.count()).toBe(0);
  });
});

describe('a domain without servers', () => {
  it('that does not exist, or has nothing, is refused for good', async () => {
    await start({
      'empty.example': {},
      'dead.example': {
        MX: [
          [10, 'nowhere.example'],
          [20, 'empty.example'],
        ],
      },
      'odd.example': {
        MX: [
          [10, 'a b.example'],
          [20, '192.0.2.1'],
          [30, '.'],
        ],
      },
    });
    expect(await route('ann@nowhere.example')).toBe('550 5.1.2 no such domain (NXDOMAIN)');
    expect(await route('ann@empty.example')).toBe('550 5.1.2 the domain has no mail server (neither MX nor address)');
    expect(await route('ann@dead.example')).toBe(`${NO_ROUTE} (no MX has an address)`);
    expect(await route('ann@odd.example')).toBe(`${NO_ROUTE} (no MX is a host name)`);
    // There is an MX, so its address is none of our business.
    expect(server.count('odd.example', 'A')).toBe(0);
  });

  it('that says so takes no mail (RFC 7505)', async () => {
    await start({
      'null.example': { MX: [[0, '.']], A: ['192.0.2.1'] },
      'confused.example': {
        MX: [
          [0, '.'],
          [10, 'mx.example.org'],
        ],
      },
      'mx.example.org': { A: ['192.0.2.1'] },
    });
    expect(await route('ann@null.example')).toBe('556 5.1.10 the domain takes no mail (null MX)');
    expect(await route('ann@confused.example')).toBe('mx.example.org 10 192.0.2.1');
  });

  it('that cannot be looked up comes later, and never to its address (attack A26)', async () => {
    await start({
      'broken.example': 'SERVFAIL',
      'half.example': { MX: 'SERVFAIL', A: ['192.0.2.1'] },
      'refused.example': 'REFUSED',
      'lost.example': {
        MX: [
          [10, 'broken.example'],
          [20, 'nowhere.example'],
        ],
      },
      'implicit.example': { AAAA: 'SERVFAIL' },
    });
    expect(await route('ann@broken.example')).toBe(`${LATER} (MX: ESERVFAIL)`);
    expect(await route('ann@half.example')).toBe(`${LATER} (MX: ESERVFAIL)`);
    expect(await route('ann@refused.example')).toBe(`${LATER} (MX: EREFUSED)`);
    expect(await route('ann@lost.example')).toBe(`${LATER} (addresses: ESERVFAIL)`);
    expect(await route('ann@implicit.example')).toBe(`${LATER} (addresses: ESERVFAIL)`);
  });

  it('ends the waiting when it is told to', async () => {
    await start({ 'silent.example': 'silence' });
    const stop = new AbortController();
    const found = make().resolve(testMailbox('ann@silent.example').host, US, stop.signal);
    await server.asked(1);
    stop.abort();
    expect(await within(found, () => new Error('still waiting'))).toMatchObject({
      kind: 'refused',
      reason: 'MX: EABORTED',
    });
  });

  it('is what is neither a domain nor an address', async () => {
    await start({});
    expect(await route('ann@[x-tag:content]')).toContain('550 5.1.2 this address literal leads nowhere');
    expect(await route('postmaster')).toContain('550 5.1.2');
    expect(server.count()).toBe(0);
  });
});

describe('ourselves among the servers (attack A20)', () => {
  const table: DnsTable = {
    'example.org': {
      MX: [
        [10, 'best.example.net'],
        [20, 'equal.example.net'],
        [20, 'MX.test.example'],
        [30, 'worst.example.net'],
      ],
    },
    'mx.test.example': { A: ['203.0.113.1'] },
    'best.example.net': { A: ['192.0.2.1'] },
    'equal.example.net': { A: ['192.0.2.2'] },
    'worst.example.net': { A: ['192.0.2.3'] },
    'ours.example': {
      MX: [
        [10, US],
        [20, 'worst.example.net'],
      ],
    },
    'direct.example': { A: ['198.51.100.1'] },
  };

  it('leave those that are better than we are', async () => {
    await start(table);
    expect(await route('ann@example.org')).toBe('best.example.net 10 192.0.2.1');
  });

  it('leave nobody where we are the best', async () => {
    await start(table);
    expect(await route('ann@ours.example')).toBe(`${LOOP} (we are its best MX, by name)`);
    expect(await route(`ann@${US}`)).toBe(`${LOOP} (we are its best MX, by name)`);
    expect(await route('ann@direct.example')).toBe(`${LOOP} (we are its best MX, by address)`);
  });

  it('are known by other names, by addresses, and by those that the world sees', async () => {
    await start(table);
    expect(await route('ann@example.org', { ownNames: ['*.example.net'] })).toContain(LOOP);
    const equal = { machineAddresses: () => ['192.0.2.2'] };
    server.set('example.org', {
      MX: [
        [10, 'best.example.net'],
        [20, 'equal.example.net'],
        [20, 'worst.example.net'],
      ],
    });
    expect(await route('ann@example.org', {}, equal)).toBe('best.example.net 10 192.0.2.1');
    expect(await route('ann@example.org', { ownAddresses: ['192.0.2.0/31'] })).toContain(`${LOOP} (we are`);
    expect(await route('ann@example.org', { ownAddresses: ['192.0.2.3'] })).toBe('best.example.net 10 192.0.2.1');
    expect(await route('ann@[198.51.100.1]')).toBe(`${LOOP} (an address of ours)`);
    expect(await route('ann@[192.0.2.1]', { ownAddresses: ['192.0.2.0/31'] })).toContain(LOOP);
  });

  it('are this machine, unless somebody says otherwise; and not its loopback', async () => {
    await start({ 'local.example': { A: ['127.0.0.1'] } });
    expect(await route('ann@local.example', { allowPrivate: true }, { machineAddresses: undefined })).toBe(
      'local.example 0 127.0.0.1',
    );
  });
});

describe('servers inside (attack A19)', () => {
  const table: DnsTable = {
    'inside.example': {
      MX: [
        [10, 'metadata.example'],
        [20, 'loopback.example'],
      ],
    },
    'metadata.example': { A: ['169.254.169.254'] },
    'loopback.example': { A: ['127.0.0.1'], AAAA: ['::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fd00::1'] },
    'mixed.example': { A: ['10.0.0.1', '192.0.2.1'], AAAA: ['fe80::1'] },
    'implicit.example': { A: ['192.168.0.1'] },
  };

  it('are not gone to', async () => {
    await start(table);
    expect(await route('ann@inside.example')).toBe(`${NO_ROUTE} (private addresses only)`);
    expect(await route('ann@implicit.example')).toBe(`${NO_ROUTE} (private addresses only)`);
    expect(await route('ann@mixed.example')).toBe('mixed.example 0 192.0.2.1');
    expect(await route('ann@[127.0.0.1]')).toBe(`${NO_ROUTE} (a private address)`);
    expect(await route('ann@[IPv6:::1]')).toBe(`${NO_ROUTE} (a private address)`);
  });

  it('are where the configuration says so', async () => {
    await start(table);
    expect(await route('ann@implicit.example', { allowPrivate: true })).toBe('implicit.example 0 192.168.0.1');
    expect(await route('ann@[127.0.0.1]', { allowPrivate: true })).toBe('127.0.0.1 0 127.0.0.1');
  });
});

describe('resolveShape', () => {
  it('has a default for everything', () => {
    expect(schema.parse({})).toMatchObject({ allowPrivate: false, maxHosts: 5, maxAddresses: 4 });
  });

  it.each([
    { ownNames: ['a b'] },
    { ownAddresses: ['10'] },
    { maxHosts: 0 },
    { maxAddresses: 51 },
    { dns: { tries: 0 } },
  ])('refuses %j', (options) => {
    expect(schema.safeParse(options).success).toBe(false);
  });
});
