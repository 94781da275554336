/** HELO: which names it takes, and what it says. */
import { Reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testListener, testSession } from '@mailverb/testing';
import { heloOptions } from './helo.options.js';
import { HeloVerb } from './helo.verb.js';
import heloPlugin from './plugin.js';

const session = testSession({ phase: 'connected', heloName: undefined, extended: false });

function make(options: Parameters<typeof heloOptions.parse>[0] = {}): HeloVerb {
  return new HeloVerb(heloOptions.parse(options), session.listener);
}

describeVerb('helo', make, {
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

describe('the name in HELO', () => {
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
    expect(String(make({ strict: true }).parse(name))).toMatch(/^501 HELO needs a host name/);
  });

  it('may not be followed by anything else', () => {
    expect(make().parse('client.example.com x')).toBeInstanceOf(Reply);
  });

  it('keeps its case, for the Received field', () => {
    expect(make().parse('Client.Example.COM')).toBe('Client.Example.COM');
  });
});

describe('HELO', () => {
  it('greets with the host name and no extensions', () => {
    const { reply, effect } = make().perform('client.example.com');
    expect(reply.wire(true)).toBe('250 mx.test.example\r\n');
    expect(effect).toEqual({ type: 'greet', name: 'client.example.com', extended: false });
  });

  it('asks the policies of stage helo', () => {
    expect(make().question('x', session)).toEqual({ stage: 'helo', input: { session, name: 'x', verb: 'HELO' } });
  });

  it('does not exist on a listener for LMTP (RFC 2033 4.1)', () => {
    expect(make().available(session)).toBe(true);
    expect(make().available(testSession({ listener: testListener({ protocol: 'lmtp' }) }))).toBe(false);
  });

  it('knows its options and no others', () => {
    expect(heloOptions.parse({})).toEqual({ strict: false });
    expect(heloOptions.safeParse({ stric: true }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(heloPlugin.name).toBe('verb-helo');
  expect(contributionsOf(heloPlugin)).toEqual([{ kind: 'verb', name: undefined, value: HeloVerb }]);
});
