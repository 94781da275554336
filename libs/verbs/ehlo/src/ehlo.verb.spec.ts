/** EHLO: which names it takes, and what it says. */
import { Reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testCapabilities, testListener, testSession, testTls } from '@mailverb/testing';
import { ehloOptions } from './ehlo.options.js';
import { EhloVerb } from './ehlo.verb.js';
import ehloPlugin from './plugin.js';

const session = testSession({ phase: 'connected', heloName: undefined, extended: false });

function make(options: Parameters<typeof ehloOptions.parse>[0] = {}, lines: readonly string[] = []): EhloVerb {
  return new EhloVerb(ehloOptions.parse(options), session.listener, testCapabilities({ lines: () => lines }));
}

describeVerb('ehlo', make, {
  args: ['client.example.com', '[192.0.2.1]', 'win_pc'],
  refuses: [
    '',
    ' ',
    'two words',
    'a(b',
    '"q"',
    '<a>',
    'b\u00fccher.example',
    'a\tb',
    'a\0b',
    'x\u00a0',
    'a'.repeat(256),
  ],
  enhancedCodes: false,
});

describe('the name in EHLO', () => {
  const harmless = [
    'localhost',
    '127.0.0.1',
    'my_pc',
    '-x-',
    'pc.local.',
    '[192.0.2.1',
    'a..b',
    '!',
    'user@host',
    'a'.repeat(255),
  ];

  it.each(harmless)('is taken though it may be no host name: %s', (name) => {
    expect(make().parse(name)).toBe(name);
  });

  it.each(['client.example.com', 'a_b.example', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'x'])(
    'is taken by strict: %s',
    (name) => {
      expect(make({ strict: true }).parse(name)).toBe(name);
    },
  );

  it.each(['a..b', '[192.0.2.256]', '[192.0.2.1', '-x-', 'user@host', '!'])('is refused by strict: %s', (name) => {
    expect(String(make({ strict: true }).parse(name))).toMatch(/^501 EHLO needs a host name/);
  });

  it('may not be followed by anything else', () => {
    expect(make().parse('client.example.com x')).toBeInstanceOf(Reply);
  });

  it('keeps its case, for the Received field', () => {
    expect(make().parse('Client.Example.COM')).toBe('Client.Example.COM');
  });
});

describe('EHLO', () => {
  it('greets with the host name and a line for each extension', () => {
    const { reply, effect } = make({}, ['PIPELINING', 'SIZE 1000']).perform('client.example.com', session);
    expect(reply.wire(true)).toBe('250-mx.test.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n');
    expect(effect).toEqual({ type: 'greet', name: 'client.example.com', extended: true });
  });

  it('greets with one line where nothing is offered', () => {
    expect(make().perform('x', session).reply.wire(true)).toBe('250 mx.test.example\r\n');
  });

  it('makes one reply for all sessions that are offered the same', () => {
    const verb = new EhloVerb(
      { strict: false },
      session.listener,
      testCapabilities({ lines: (of) => ['SIZE 1000', ...(of.tls === undefined ? ['STARTTLS'] : [])] }),
    );
    const tls = testTls();
    const plain = verb.perform('a', session).reply;
    const secure = verb.perform('a', { ...session, tls }).reply;
    expect(secure).not.toBe(plain);
    expect(secure.lines).toEqual(['mx.test.example', 'SIZE 1000']);
    expect(verb.perform('b', session).reply).toBe(plain);
    expect(verb.perform('b', { ...session, tls }).reply).toBe(secure);
  });

  it('remembers few replies, and says the right one even where every session is offered something else', () => {
    const verb = new EhloVerb(
      { strict: false },
      session.listener,
      testCapabilities({ lines: (of) => [`X-YOU ${of.remotePort}`] }),
    );
    const first = verb.perform('a', { ...session, remotePort: 0 }).reply;
    for (let port = 1; port < 50; port++) {
      expect(verb.perform('a', { ...session, remotePort: port }).reply.lines[1]).toBe(`X-YOU ${port}`);
    }
    const again = verb.perform('a', { ...session, remotePort: 0 }).reply;
    expect(again).not.toBe(first);
    expect(again.lines).toEqual(first.lines);
  });

  it('asks the policies of stage helo', () => {
    expect(make().question('x', session)).toEqual({ stage: 'helo', input: { session, name: 'x', verb: 'EHLO' } });
  });

  it('does not exist on a listener for LMTP (RFC 2033 4.1)', () => {
    expect(make().available(session)).toBe(true);
    expect(make().available(testSession({ listener: testListener({ protocol: 'lmtp' }) }))).toBe(false);
  });

  it('knows its options and no others', () => {
    expect(ehloOptions.parse({})).toEqual({ strict: false });
    expect(ehloOptions.safeParse({ stric: true }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(ehloPlugin.name).toBe('verb-ehlo');
  expect(contributionsOf(ehloPlugin)).toEqual([{ kind: 'verb', name: undefined, value: EhloVerb }]);
});
