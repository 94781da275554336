/** XFORWARD: what a trusted peer may say of a message's origin, what is refused, and that nobody else has it (attacks A6, A16). */
import type { ForwardedClient } from '@mailverb/contract';
import { Reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testSession } from '@mailverb/testing';
import xForwardPlugin from './plugin.js';
import { XForwardVerb } from './xforward.verb.js';

const make = () => new XForwardVerb();

const REFUSED = [
  '',
  'NAME',
  'NAME=',
  'NAME=a NAME=b',
  'NAME=a..b',
  'NAME=192.0.2.1',
  'ADDR=2001:db8::1',
  'ADDR=x',
  'PORT=65536',
  'PROTO=a+20b',
  `PROTO=${'x'.repeat(65)}`,
  'HELO=a(b)',
  'HELO=a+0D+0Ab',
  'IDENT=a+20b',
  'IDENT=a+0Ab',
  `IDENT=${'x'.repeat(256)}`,
  'SOURCE=ELSEWHERE',
  'LOGIN=ann',
  'DESTADDR=192.0.2.1',
  '__proto__=x',
];

describeVerb('xforward', make, {
  session: { trustedPeer: true },
  args: [
    'ADDR=192.0.2.9',
    'NAME=client.example ADDR=IPV6:2001:db8::1 PORT=40000 PROTO=ESMTP HELO=client.example IDENT=4F1A SOURCE=REMOTE',
    'NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] PROTO=[UNAVAILABLE] HELO=[UNAVAILABLE] IDENT=[UNAVAILABLE] SOURCE=[UNAVAILABLE]',
  ],
  refuses: REFUSED,
});

function clientOf(args: string, forwarded?: ForwardedClient): ForwardedClient {
  const client = make().parse(args);
  if (client instanceof Reply) throw new Error(String(client));
  const { effect } = make().perform(client, testSession({ trustedPeer: true, forwarded }));
  if (effect?.type !== 'forwarded') throw new Error('another effect');
  return effect.client;
}

describe('What XFORWARD says', () => {
  it.each<[string, ForwardedClient]>([
    ['NAME=Client.Example', { name: 'client.example' }],
    ['ADDR=IPV6:::ffff:192.0.2.9', { address: '192.0.2.9' }],
    ['PORT=25', { port: 25 }],
    ['PROTO=LMTP', { protocol: 'LMTP' }],
    ['HELO=my_pc', { helo: 'my_pc' }],
    ['IDENT=4F1A.2+3D', { ident: '4F1A.2=' }],
    ['SOURCE=local', { source: 'LOCAL' }],
    ['SOURCE=REMOTE', { source: 'REMOTE' }],
  ])('%s', (args, expected) => {
    expect(clientOf(args)).toStrictEqual(expected);
  });

  it('adds to what was said before, and takes back what is not known', () => {
    const before = { name: 'a.example', address: '192.0.2.9', ident: '1' };
    expect(clientOf('IDENT=2 NAME=[UNAVAILABLE] PORT=7', before)).toEqual({
      address: '192.0.2.9',
      ident: '2',
      port: 7,
    });
    expect(before.ident).toBe('1');
  });

  it.each(REFUSED)('may not be %j, which is refused with 501', (args) => {
    expect(String(make().parse(args))).toMatch(/^501 5\.5\.4 /);
  });
});

describe('XFORWARD', () => {
  it('is answered 250', () => {
    expect(String(make().perform({}, testSession()).reply)).toBe('250 2.0.0 Ok');
  });

  it('exists for trusted peers, and for nobody else', () => {
    expect(make().available(testSession({ trustedPeer: true }))).toBe(true);
    expect(make().available(testSession({ trustedPeer: false }))).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(xForwardPlugin.name).toBe('verb-xforward');
  expect(contributionsOf(xForwardPlugin)).toEqual([{ kind: 'verb', name: undefined, value: XForwardVerb }]);
});
