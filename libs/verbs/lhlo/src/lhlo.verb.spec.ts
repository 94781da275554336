/** LHLO: which names it takes, what it says, and where it exists. */
import { Reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testCapabilities, testListener, testSession } from '@mailverb/testing';
import { lhloOptions } from './lhlo.options.js';
import { LhloVerb } from './lhlo.verb.js';
import lhloPlugin from './plugin.js';

const listener = testListener({ protocol: 'lmtp' });
const session = testSession({ listener, phase: 'connected', heloName: undefined, extended: false });

function make(options: Parameters<typeof lhloOptions.parse>[0] = {}, lines: readonly string[] = []): LhloVerb {
  return new LhloVerb(lhloOptions.parse(options), listener, testCapabilities({ lines: () => lines }));
}

describeVerb('lhlo', make, {
  session: { listener },
  args: ['client.example.com', '[192.0.2.1]', 'win_pc'],
  refuses: ['', ' ', 'two words', 'a(b', '"q"', '<a>', 'b\u00fccher.example', 'a\tb', 'a\0b', 'a'.repeat(256)],
  enhancedCodes: false,
});

describe('LHLO', () => {
  it('greets with the host name and a line for each extension', () => {
    const { reply, effect } = make({}, ['PIPELINING', 'SIZE 1000']).perform('client.example.com', session);
    expect(reply.wire(true)).toBe('250-mx.test.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n');
    expect(effect).toEqual({ type: 'greet', name: 'client.example.com', extended: true });
  });

  it('asks the policies of stage helo', () => {
    expect(make().question('x', session)).toEqual({ stage: 'helo', input: { session, name: 'x', verb: 'LHLO' } });
  });

  it('exists on listeners for LMTP, and nowhere else (RFC 2033 4.1)', () => {
    expect(make().available(session)).toBe(true);
    expect(make().available(testSession({ listener: testListener({ protocol: 'smtp' }) }))).toBe(false);
  });

  it('takes names as EHLO does, and only hosts if strict', () => {
    expect(make().parse('Client.Example.COM')).toBe('Client.Example.COM');
    expect(make().parse('a..b')).toBe('a..b');
    expect(String(make({ strict: true }).parse('a..b'))).toBe('501 LHLO needs a host name or an address literal');
    expect(String(make().parse('client x'))).toBe('501 Syntax: LHLO hostname');
    expect(make({ strict: true }).parse('a_b.example')).not.toBeInstanceOf(Reply);
  });

  it('knows its options and no others', () => {
    expect(lhloOptions.parse({})).toEqual({ strict: false });
    expect(lhloOptions.safeParse({ stric: true }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(lhloPlugin.name).toBe('verb-lhlo');
  expect(contributionsOf(lhloPlugin)).toEqual([{ kind: 'verb', name: undefined, value: LhloVerb }]);
});
