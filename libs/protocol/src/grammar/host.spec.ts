import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { isIpv4, isIpv6 } from './address-literal.js';
import { parseHost } from './host.js';

const LABEL_63 = 'l'.repeat(63);
const DOMAIN_255 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${LABEL_63}`;

describe('parseHost: domains (RFC 5321 4.1.2)', () => {
  it.each([
    ['example.org', 'example.org'],
    ['EXAMPLE.Org', 'example.org'],
    ['localhost', 'localhost'],
    ['a', 'a'],
    ['1and1.example', '1and1.example'],
    ['3com.example', '3com.example'],
    ['a--b.example', 'a--b.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    // The grammar allows numbers, and many clients call themselves by their address in HELO.
    ['192.0.2.1', '192.0.2.1'],
    [LABEL_63, LABEL_63],
    [DOMAIN_255, DOMAIN_255],
  ])('%s is %s', (text, name) => {
    expect(parseHost(text)).toEqual({ kind: 'domain', name });
  });

  it.each([
    '',
    '.',
    '.example.org',
    'example.org.',
    'example..org',
    '-example.org',
    'example-.org',
    'example.-org',
    'example.org-',
    'exa mple.org',
    ' example.org',
    'example.org ',
    'example.org\0',
    'example.org\r\n',
    'exa\nmple.org',
    'exam\x7fple.org',
    'exa%mple.org',
    'exa/mple.org',
    'exa@mple.org',
    'host_name.example.org',
    'a:b',
    '1.2.3.4]',
    '\ud800.example',
    'a\u0085b.example',
    `${LABEL_63}l.example`,
    `example.${LABEL_63}l`,
    `${DOMAIN_255}l`,
    `a.${DOMAIN_255}`,
  ])('%j is none', (text) => {
    expect(parseHost(text)).toBeUndefined();
  });

  it('lets an underscore stand for a letter only where it is asked to', () => {
    const lenient = { underscores: true };
    expect(parseHost('My_PC', lenient)).toEqual({ kind: 'domain', name: 'my_pc' });
    expect(parseHost('_a_._b.example', lenient)).toEqual({ kind: 'domain', name: '_a_._b.example' });
    expect(parseHost('my_pc', { underscores: false })).toBeUndefined();
    expect(parseHost('my_pc')).toBeUndefined();
    expect(parseHost('my_pc.bücher.example', lenient)).toBeUndefined();
    expect(parseHost('my pc', lenient)).toBeUndefined();
    expect(parseHost('[my_pc]', lenient)).toBeUndefined();
  });
});

describe('parseHost: address literals (RFC 5321 4.1.3)', () => {
  it.each(['0.0.0.0', '192.0.2.1', '255.255.255.255', '10.0.0.100'])('[%s] is IPv4', (address) => {
    expect(parseHost(`[${address}]`)).toEqual({ kind: 'ipv4', name: `[${address}]`, address });
  });

  it.each([
    '256.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '01.2.3.4',
    '1.2.3.00',
    '1.2.3.04',
    '1.2.3.1000',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '+1.2.3.4',
    '１.2.3.4',
    '2130706433',
    '',
    'example.org',
  ])('[%s] is none', (address) => {
    expect(parseHost(`[${address}]`)).toBeUndefined();
    expect(isIpv4(address)).toBe(false);
  });

  it.each([
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6::',
    '::3:4:5:6:7:8',
    '1::4:5:6:7:8',
    '::192.0.2.1',
    '::ffff:192.0.2.1',
    '1:2:3:4:5:6:192.0.2.1',
    '1:2:3:4::192.0.2.1',
    'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255',
  ])('[IPv6:%s] is IPv6', (address) => {
    expect(parseHost(`[IPv6:${address}]`)).toEqual({ kind: 'ipv6', name: `[IPv6:${address}]`, address });
  });

  it('writes IPv6 in one way', () => {
    const host = { kind: 'ipv6', name: '[IPv6:2001:db8::a]', address: '2001:db8::a' };
    expect(parseHost('[ipv6:2001:DB8::A]')).toEqual(host);
    expect(parseHost('[IPV6:2001:db8::a]')).toEqual(host);
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    ':1',
    '1:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::1::',
    '1:::2',
    '12345::',
    'g::',
    '::1%eth0',
    '::1/64',
    '::1 ',
    // `::` stands for two groups at least.
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3:4:5::192.0.2.1',
    '1:2:3:4:5:192.0.2.1',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::192.0.2',
    '::192.0.2.256',
    '::192.0.2.01',
    '::192.0.2.1:5',
    '::192.0.2.1.',
    '192.0.2.1',
    '[::1]',
    '１::',
  ])('[IPv6:%s] is none', (address) => {
    expect(parseHost(`[IPv6:${address}]`)).toBeUndefined();
    expect(isIpv6(address)).toBe(false);
  });

  it('agrees with the platform about IPv6, but for `::` in the place of one group', () => {
    const group = fc.constantFrom('', '', '0', '1', 'ab', 'FFFF', '00000', 'g', '192.0.2.1', '1.2.3');
    const text = fc.array(group, { minLength: 1, maxLength: 10 }).map((groups) => groups.join(':'));
    const oneGroup = (address: string) =>
      address.includes('::') &&
      address.split(':').filter((part) => part !== '').length + (address.includes('.') ? 1 : 0) === 7;
    fc.assert(
      fc.property(text, (address) => {
        expect(isIpv6(address)).toBe(isIPv6(address) && !oneGroup(address));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['[x:y]', 'x', 'y'],
    ['[X-400:c=us;a=b]', 'X-400', 'c=us;a=b'],
    ['[-x:y]', '-x', 'y'],
    ['[IPv4:1.2.3.4]', 'IPv4', '1.2.3.4'],
    ['[tag:!"@:>~^]', 'tag', '!"@:>~^'],
    [`[x:${'y'.repeat(251)}]`, 'x', 'y'.repeat(251)],
  ])('%s is a general literal', (name, tag, content) => {
    expect(parseHost(name)).toEqual({ kind: 'general', name, tag, content });
  });

  it.each([
    '[]',
    '[',
    ']',
    '[[',
    '[:]',
    '[x:]',
    '[:y]',
    '[x-:y]',
    '[x_:y]',
    '[é:y]',
    '[x:é]',
    '[x: y]',
    '[x:a b]',
    '[x:a\tb]',
    '[x:a\0b]',
    '[x:a\\b]',
    '[x:[]',
    '[x:]]',
    '[x:y',
    'x:y]',
    '[x:y]z',
    '[x:y].example',
    `[x:${'y'.repeat(252)}]`,
  ])('%j is none', (text) => {
    expect(parseHost(text)).toBeUndefined();
  });
});
