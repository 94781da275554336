import fc from 'fast-check';
import { z } from 'zod';
import { cidrList, matchesCidr } from './cidr.js';

const inside = (networks: string[], address: string) => matchesCidr(cidrList().parse(networks), address);

const octet = fc.nat(255);
const ipv4 = fc.tuple(octet, octet, octet, octet);
const dotted = (parts: readonly number[]) => parts.join('.');
const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });
const hex = (parts: readonly number[]) => parts.map((part) => part.toString(16)).join(':');
const bits128 = (parts: readonly number[]) => parts.map((part) => part.toString(2).padStart(16, '0')).join('');

describe('matchesCidr', () => {
  it('compares addresses, not the text (defect K8)', () => {
    expect(inside(['10.0.0.0/8'], '10.255.255.255')).toBe(true);
    expect(inside(['10.0.0.0/8'], '100.0.0.1')).toBe(false);
    expect(inside(['10.0.0.1'], '10.0.0.10')).toBe(false);
    expect(inside(['2001:db8::/32'], '2001:db80::1')).toBe(false);
  });

  it('agrees with arithmetic, IPv4', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), fc.boolean(), (network, other, bits, near) => {
        const address = near ? [...network.slice(0, 3), other[3]] : other;
        const size = 2 ** (32 - bits);
        const expected = Math.floor(number(network) / size) === Math.floor(number(address) / size);
        expect(inside([`${dotted(network)}/${bits}`], dotted(address))).toBe(expected);
      }),
    );
  });

  it('agrees with arithmetic, IPv6', () => {
    fc.assert(
      fc.property(groups, groups, fc.nat(8), fc.integer({ min: 0, max: 128 }), (network, other, same, bits) => {
        const address = [...network.slice(0, same), ...other.slice(same)];
        const expected = bits128(network).slice(0, bits) === bits128(address).slice(0, bits);
        expect(inside([`${hex(network)}/${bits}`], hex(address))).toBe(expected);
      }),
    );
  });

  it('knows an IPv4 address in its IPv4-mapped form, on both sides', () => {
    expect(inside(['10.0.0.0/8'], '::ffff:10.1.2.3')).toBe(true);
    expect(inside(['10.0.0.0/8'], '::ffff:a01:203')).toBe(true);
    expect(inside(['10.0.0.0/8'], '::ffff:100.1.2.3')).toBe(false);
    expect(inside(['::ffff:10.0.0.0/104'], '10.1.2.3')).toBe(true);
    expect(inside(['::ffff:10.0.0.0/104'], '11.1.2.3')).toBe(false);
    expect(inside(['2001:db8::/32'], '10.1.2.3')).toBe(false);
  });

  it('looks past the zone of a link-local address', () => {
    expect(inside(['fe80::/10'], 'fe80::1%eth0')).toBe(true);
    expect(inside(['fe80::/10'], 'fec0::1%eth0')).toBe(false);
  });

  it('finds nothing for what is no address', () => {
    for (const address of ['', 'localhost', '10', '10.0.0', '010.0.0.1', '10.0.0.1/8', '%', '%10.0.0.1']) {
      expect(inside(['0.0.0.0/0', '::/0'], address)).toBe(false);
    }
    expect(inside([], '10.0.0.1')).toBe(false);
  });
});

describe('cidrList', () => {
  it('refuses what is no network, each with its place', () => {
    const bad = [
      '10',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/-1',
      '10.0.0.0/0x8',
      '2001:db8::/129',
      'fe80::1%eth0',
      '',
    ];
    const result = cidrList().safeParse(['10.0.0.0/8', ...bad]);
    expect(result.error?.issues.map((issue) => issue.path)).toEqual(bad.map((_, i) => [i + 1]));
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6(), fc.stringMatching(/^[\d.:/]{1,20}$/)), (text) => {
        cidrList().safeParse([text]);
        matchesCidr(cidrList().parse(['10.0.0.0/8']), text);
      }),
    );
  });

  it('has a default as it would be written, which a JSON Schema can show', () => {
    const schema = z.strictObject({ networks: cidrList().prefault(['127.0.0.0/8']) });
    expect(matchesCidr(schema.parse({}).networks, '127.1.2.3')).toBe(true);
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
      properties: { networks: { type: 'array', default: ['127.0.0.0/8'] } },
    });
  });
});
