/** XCLIENT: what a trusted peer may say of a client, what is refused, and that nobody else has it (attacks A6, A16). */
import type { RepresentedClient, VerbOutcome } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testListener, testSession } from '@mailverb/testing';
import xClientPlugin from './plugin.js';
import { XClientVerb } from './xclient.verb.js';

const make = (protocol: 'smtp' | 'lmtp' = 'smtp') => new XClientVerb(testListener({ protocol }));

const REFUSED = [
  '',
  'NAME',
  'NAME=',
  'NAME=a NAME=b',
  'NAME=a name=b',
  'NAME=a..b',
  'NAME=192.0.2.1',
  'NAME=[192.0.2.1]',
  'NAME=a+20b',
  'NAME=a+0D+0ARSET',
  'NAME=<a>',
  'ADDR=2001:db8::1',
  'ADDR=IPV6:192.0.2.1',
  'ADDR=192.0.2.256',
  'ADDR=192.0.2.01',
  'ADDR=IPV6:fe80::1%eth0',
  'ADDR=client.example',
  'PORT=65536',
  'PORT=025',
  'PORT=-1',
  'PORT=smtp',
  'PROTO=LMTP',
  'PROTO=[UNAVAILABLE]',
  'PROTO=',
  'HELO=a+20b',
  'HELO=a(b)',
  'HELO=<a>',
  `HELO=${'a'.repeat(256)}`,
  'LOGIN=a+0Ab',
  'LOGIN=a+00b',
  'LOGIN=+20',
  `LOGIN=${'a'.repeat(255)}`,
  'DESTADDR=::1',
  'DESTPORT=x',
  'REVERSE_NAME=a',
  'SOURCE=LOCAL',
  '__proto__=x',
  'NAME=a ADDR=x',
];

/** RFC 2034 4: a greeting has no enhanced status code, which the suite wants of every reply or of none. The greeting itself is looked at below. */
class Tagged extends XClientVerb {
  override perform(client: RepresentedClient): VerbOutcome {
    const { reply: greeting, effect } = super.perform(client);
    return { reply: reply(greeting.code, '2.0.0', ...greeting.lines), effect };
  }
}

describeVerb('xclient', () => new Tagged(testListener()), {
  session: { trustedPeer: true },
  args: [
    'ADDR=192.0.2.9',
    'NAME=client.example ADDR=IPV6:2001:db8::1 PORT=40000 PROTO=ESMTP HELO=client.example LOGIN=ann+40example.org',
    'NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] HELO=[UNAVAILABLE] LOGIN=[UNAVAILABLE]',
    'DESTADDR=192.0.2.25 DESTPORT=25',
  ],
  refuses: REFUSED,
});

function clientOf(args: string): RepresentedClient {
  const client = make().parse(args);
  if (client instanceof Reply) throw new Error(String(client));
  return client;
}

describe('What XCLIENT says of a client', () => {
  it.each<[string, RepresentedClient]>([
    ['NAME=Client_1.Example', { name: 'client_1.example' }],
    ['NAME=[UNAVAILABLE]', { name: undefined }],
    ['NAME=[TEMPUNAVAIL]', { name: undefined }],
    ['ADDR=192.0.2.9', { address: '192.0.2.9' }],
    ['ADDR=IPv6:2001:DB8:0:0:0:0:0:1', { address: '2001:db8::1' }],
    ['ADDR=IPV6:::ffff:192.0.2.9', { address: '192.0.2.9' }],
    ['PORT=0', { port: 0 }],
    ['PROTO=smtp', { extended: false }],
    ['PROTO=ESMTP', { extended: true }],
    ['HELO=[192.0.2.9]', { helo: '[192.0.2.9]' }],
    ['HELO=[UNAVAILABLE]', {}],
    ['LOGIN=a+20b+2B', { login: 'a b+' }],
    ['LOGIN=[UNAVAILABLE]', { login: undefined }],
    ['DESTADDR=IPV6:::1 DESTPORT=587', { localAddress: '::1', localPort: 587 }],
    ['DESTADDR=[UNAVAILABLE] DESTPORT=[UNAVAILABLE]', {}],
  ])('%s', (args, expected) => {
    // toStrictEqual: what is not said stays as it was, what is undefined is unknown.
    expect(clientOf(args)).toStrictEqual(expected);
  });

  it("is not the peer's own address where the peer knows none, nor that of a program on this machine", () => {
    expect(clientOf('ADDR=[UNAVAILABLE] PORT=[TEMPUNAVAIL]')).toStrictEqual({ address: '0.0.0.0', port: 0 });
  });

  it.each(REFUSED)('may not be %j, which is refused with 501', (args) => {
    expect(String(make().parse(args))).toMatch(/^501 5\.5\.4 /);
  });

  it('is not repeated in a reply that refuses it', () => {
    expect(String(make().parse('NAME=secret..name'))).toBe('501 5.5.4 bad value of attribute NAME');
    expect(String(make().parse('SECRET=x'))).toBe('501 5.5.4 unknown attribute');
  });
});

describe('XCLIENT', () => {
  it('greets again, as the server does', () => {
    const client = { address: '192.0.2.9' };
    const { reply: greeting, effect } = make().perform(client);
    expect(greeting.wire(true)).toBe('220 mx.test.example ESMTP Mailverb\r\n');
    expect(effect).toEqual({ type: 'become', client });
    expect(String(make('lmtp').perform(client).reply)).toBe('220 mx.test.example LMTP Mailverb');
  });

  it('exists for trusted peers, and for nobody else', () => {
    expect(make().available(testSession({ trustedPeer: true }))).toBe(true);
    expect(make().available(testSession({ trustedPeer: false }))).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(xClientPlugin.name).toBe('verb-xclient');
  expect(contributionsOf(xClientPlugin)).toEqual([{ kind: 'verb', name: undefined, value: XClientVerb }]);
});
