/** Attributes of XCLIENT and XFORWARD: what is read, what is refused, and that nothing harmful comes out (attacks A6, A10). */
import fc from 'fast-check';
import { Reply } from '../reply.js';
import { parseClientAddress, parseClientAttributes, parseClientName } from './client-attributes.js';
import { canonicalIp } from './ip.js';
import { parsePort } from './port.js';

const NAMES = new Set(['NAME', 'ADDR', 'LOGIN']);

function read(args: string): Record<string, unknown> | string {
  const found = parseClientAttributes(args, NAMES);
  return found instanceof Reply ? String(found) : Object.fromEntries(found);
}

describe('parseClientAttributes', () => {
  it.each([
    ['NAME=client.example', { NAME: 'client.example' }],
    ['name=a  ADDR=b ', { NAME: 'a', ADDR: 'b' }],
    ['LOGIN=a+20b+3Dc+2B', { LOGIN: 'a b=c+' }],
    [
      'NAME=[UNAVAILABLE] ADDR=[tempunavail] LOGIN=+5BUNAVAILABLE+5D',
      { NAME: undefined, ADDR: undefined, LOGIN: undefined },
    ],
    ['NAME=[UNAVAILABLE]x', { NAME: '[UNAVAILABLE]x' }],
  ])('reads %j', (args, expected) => {
    expect(read(args)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    'NAME',
    'NAME=',
    '=x',
    'NAME=a NAME=b',
    'NAME=a name=b',
    'PORT=1',
    '__proto__=x',
    'constructor=x',
    'NAME=a=b',
    'NAME=a+0D+0Ab',
    'NAME=a+00',
    'NAME=a+0d',
    'NAME=a+4',
    'NAME=b\u00fccher',
    'NAME=a\tb',
    'NAME =a',
  ])('refuses %j', (args) => {
    expect(read(args)).toMatch(/^501 5\.5\.4 /);
  });

  it('gives printable texts and nothing else', () => {
    const piece = fc.constantFrom(
      'NAME=',
      'ADDR=',
      ' ',
      '+0A',
      '+41',
      '+',
      '=',
      '[UNAVAILABLE]',
      'x',
      '\r',
      '\0',
      '\u00e9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const found = parseClientAttributes(pieces.join(''), NAMES);
        if (found instanceof Reply) return;
        for (const value of found.values()) expect(value ?? '').toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe('parseClientAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['IPV6:2001:DB8::1', '2001:db8::1'],
    ['IPv6:::1', '::1'],
    ['ipv6:::ffff:192.0.2.1', '192.0.2.1'],
  ])('%s is %s', (value, expected) => {
    expect(parseClientAddress(value)).toBe(expected);
    expect(canonicalIp(expected)).toBe(expected);
  });

  it.each([
    '',
    '::1',
    '2001:db8::1',
    'IPV6:',
    'IPV6:192.0.2.1',
    'IPV4:192.0.2.1',
    '[192.0.2.1]',
    '192.0.2.01',
    'client.example',
  ])('%j is none', (value) => {
    expect(parseClientAddress(value)).toBeUndefined();
  });
});

describe('parseClientName', () => {
  it('is a domain, in lower case', () => {
    expect(parseClientName('Client_1.Example')).toBe('client_1.example');
  });

  it.each(['', '192.0.2.1', '[192.0.2.1]', 'a..b', '-a', 'a b', 'a(b)', '::1', 'a'.repeat(256)])(
    '%j is none',
    (value) => {
      expect(parseClientName(value)).toBeUndefined();
    },
  );
});

describe('parsePort', () => {
  it('reads every port, one way', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (port) => expect(parsePort(String(port))).toBe(port)));
  });

  it.each(['', '00', '01', '65536', '99999', '100000', '-1', '+1', '1 ', '1e3', '0x1', '\u0661', 'x'])(
    '%j is none',
    (text) => {
      expect(parsePort(text)).toBeUndefined();
    },
  );
});
