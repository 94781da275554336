import { dnsOptions } from './dns.options.js';

describe('dnsOptions', () => {
  it('has a default for everything', () => {
    expect(dnsOptions().parse(undefined)).toEqual({ servers: [], timeout: 5000, tries: 2, cache: 10_000 });
  });

  it.each(['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]', '[2001:db8::53]:5353'])(
    'takes the server %s',
    (server) => {
      expect(dnsOptions().parse({ servers: [server] }).servers).toEqual([server]);
    },
  );

  it.each([
    '',
    'dns.example.org',
    '192.0.2.53:',
    '192.0.2.53:0',
    '192.0.2.53:65536',
    '192.0.2.53:5353x',
    '192.0.2:53',
    '[192.0.2.53]:53',
    '[2001:db8::53]5353',
    '[2001:db8::53',
    '2001:db8::53]:53',
    '[fe80::1%eth0]:53',
    'fe80::1%eth0',
    'x[::1]:53',
  ])('refuses the server %j, with its place', (server) => {
    const result = dnsOptions().safeParse({ servers: ['192.0.2.53', server] });
    expect(result.error?.issues.map(({ path }) => path)).toEqual([['servers', 1]]);
  });

  it.each([
    { timeout: '10ms' },
    { timeout: '2m' },
    { timeout: 5 },
    { tries: 0 },
    { tries: 9 },
    { cache: -1 },
    { x: 1 },
  ])('refuses %p', (options) => {
    expect(dnsOptions().safeParse(options).success).toBe(false);
  });
});
