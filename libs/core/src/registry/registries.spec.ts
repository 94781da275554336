/** Who owns which verb, keyword and parameter, and what is said of what nobody owns (attack A10). */
import type { Extension, MailParameterHandler, RcptParameterHandler, Verb } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { freshSession } from '../fixtures/scene.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import { CapabilityRegistry } from './capability-registry.js';
import { VerbRegistry } from './verb-registry.js';

const session = freshSession();
const named = (name: string, more: Partial<Verb> = {}) =>
  simple(name, () => ({ reply: reply(250, '2.0.0', 'ok') }), more);

describe('VerbRegistry', () => {
  it('gives a verb to its first owner, unless the later one says that it takes it', () => {
    const verbs = new VerbRegistry();
    const [first, second, third] = [named('NOOP'), named('NOOP'), named('NOOP', { override: true })];
    expect(verbs.add(first, 'one')).toBeUndefined();
    expect(verbs.add(second, 'two')).toBe('one');
    expect(verbs.get('NOOP')?.verb).toBe(first);
    expect(verbs.add(third, 'three')).toBeUndefined();
    expect(verbs.get('NOOP')).toMatchObject({ verb: third, owner: 'three' });
    expect(verbs.all()).toHaveLength(1);
  });

  it('lists verbs by name, with their help', () => {
    const verbs = new VerbRegistry();
    for (const name of ['RCPT', 'MAIL', 'XA'])
      verbs.add(named(name, name === 'MAIL' ? { help: 'MAIL FROM' } : {}), 'o');
    expect(verbs.list(session)).toEqual([
      { name: 'MAIL', help: 'MAIL FROM' },
      { name: 'RCPT', help: undefined },
      { name: 'XA', help: undefined },
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])('knows no verb %j', (name) => {
    const verbs = new VerbRegistry();
    verbs.add(named('NOOP'), 'o');
    expect(verbs.get(name)).toBeUndefined();
    expect(verbs.unknown(name).code).toBe(500);
  });

  it('tells what it does not have from what nobody has', () => {
    const verbs = new VerbRegistry();
    expect(['EHLO', 'BDAT', 'STARTTLS', 'AUTH', 'TURN'].map((name) => verbs.unknown(name).code)).toEqual([
      502, 502, 502, 502, 502,
    ]);
    expect(['GET', 'HELO!', 'XYZZY'].map((name) => verbs.unknown(name).code)).toEqual([500, 500, 500]);
  });

  it('says what is missing where a verb is out of its phase', () => {
    const verbs = new VerbRegistry();
    verbs.add(named('MAIL', { phases: ['greeted'] }), 'o');
    verbs.add(named('XLATE', { phases: ['bdat'] }), 'o');
    verbs.add(named('XNEVER', { phases: [] }), 'o');
    expect(verbs.get('MAIL')?.outOfPhase.toString()).toMatch(/^503 5\.5\.1 MAIL not now: EHLO or HELO first/);
    expect(verbs.get('XLATE')?.outOfPhase.text).toBe('XLATE not now: BDAT first');
    expect(verbs.get('XNEVER')?.outOfPhase.text).toBe('XNEVER not now: bad sequence of commands');
  });
});

const size: MailParameterHandler = {
  verb: 'MAIL',
  keyword: 'SIZE',
  parse: (value) => (value === undefined ? reply(501, '5.5.4', 'how much?') : Number(value)),
};
const smtputf8: MailParameterHandler = { verb: 'MAIL', keyword: 'SMTPUTF8', parse: () => true };
const notify: RcptParameterHandler = { verb: 'RCPT', keyword: 'NOTIFY', parse: () => 'never' };

function registry(...extensions: readonly Extension[]): CapabilityRegistry {
  const capabilities = new CapabilityRegistry();
  for (const [i, extension] of extensions.entries()) expect(capabilities.add(extension, `owner-${i}`)).toBeUndefined();
  return capabilities;
}

describe('CapabilityRegistry', () => {
  it('gives a keyword and a parameter to its first owner', () => {
    const capabilities = registry({ keyword: 'SIZE', parameters: [size] });
    expect(capabilities.add({ keyword: 'SIZE' }, 'two')).toEqual({ what: 'EHLO keyword SIZE', owner: 'owner-0' });
    expect(capabilities.add({ keyword: 'XSIZE', parameters: [size] }, 'two')).toEqual({
      what: 'MAIL parameter SIZE',
      owner: 'owner-0',
    });
    // What was refused has left nothing.
    expect(capabilities.all().map(({ extension: { keyword } }) => keyword)).toEqual(['SIZE']);
    expect(capabilities.parameters()).toEqual([{ verb: 'MAIL', keyword: 'SIZE', owner: 'owner-0' }]);
  });

  it('refuses an extension that claims a parameter twice', () => {
    const taken = new CapabilityRegistry().add({ keyword: 'X', parameters: [size, { ...size }] }, 'one');
    expect(taken).toEqual({ what: 'MAIL parameter SIZE', owner: 'one' });
  });

  it('lets MAIL and RCPT have parameters of one name', () => {
    const capabilities = registry({ keyword: 'A', parameters: [size] }, { keyword: 'B', parameters: [notify] });
    expect(capabilities.parameters()).toEqual([
      { verb: 'MAIL', keyword: 'SIZE', owner: 'owner-0' },
      { verb: 'RCPT', keyword: 'NOTIFY', owner: 'owner-1' },
    ]);
  });

  it('offers what the delivery lets it, with what it makes of the rest', () => {
    const limited = new CapabilityRegistry();
    for (const keyword of ['SIZE', 'DSN', 'PIPELINING']) {
      limited.add({ keyword, argument: () => (keyword === 'SIZE' ? '5000' : undefined) }, 'test');
    }
    limited.limitBy({
      durability: 'none',
      begin: () => {
        throw new Error('not here');
      },
      offers: (keyword, argument) => (keyword === 'DSN' ? false : keyword === 'SIZE' ? '1000' : argument),
    });
    expect(limited.lines(session)).toEqual(['SIZE 1000', 'PIPELINING']);
    expect(limited.offers('DSN', session)).toBe(false);
  });

  it('offers in order, with what follows, and not what is not to be offered in this session', () => {
    let offered: string | undefined | false = '100';
    const capabilities = registry({ keyword: 'PIPELINING' }, { keyword: 'SIZE', argument: () => offered });
    expect(capabilities.lines(session)).toEqual(['PIPELINING', 'SIZE 100']);
    offered = undefined;
    expect(capabilities.lines(session)).toEqual(['PIPELINING', 'SIZE']);
    offered = false;
    expect(capabilities.lines(session)).toEqual(['PIPELINING']);
    expect([capabilities.offers('SIZE', session), capabilities.offers('PIPELINING', session)]).toEqual([false, true]);
    expect(capabilities.offers('XYZZY', session)).toBe(false);
  });

  it('makes lines that are always the same once', () => {
    const capabilities = registry({ keyword: 'PIPELINING' }, { keyword: '8BITMIME' });
    expect(capabilities.lines(session)).toBe(capabilities.lines(session));
  });

  it('adds up the octets of commands', () => {
    expect(registry().commandLineOctets()).toBe(512);
    expect(
      registry(
        { keyword: 'A', commandLineOctets: 26 },
        { keyword: 'B' },
        { keyword: 'C', commandLineOctets: 10 },
      ).commandLineOctets(),
    ).toBe(548);
  });

  it('reads parameters with their owners', () => {
    const capabilities = registry(
      { keyword: 'SIZE', parameters: [size] },
      { keyword: 'SMTPUTF8', parameters: [smtputf8] },
    );
    expect(capabilities.mailParameters('SIZE=100 smtputf8', session)).toEqual({ SIZE: 100, SMTPUTF8: true });
    expect(capabilities.mailParameters('', session)).toEqual({});
  });

  it.each([
    ['nobody owns', 'XYZZY=1', 555],
    ['is RCPT\u2019s', 'NOTIFY=NEVER', 555],
    ['its owner refuses', 'SIZE', 501],
    ['comes twice', 'SIZE=1 size=2', 501],
    ['is a property of objects (attack A10)', '__proto__=1', 501],
    ['is a property of objects too', 'constructor=1', 555],
    ['is no parameter', '=1', 501],
  ])('refuses a parameter that %s', (_, text, code) => {
    const capabilities = registry({ keyword: 'SIZE', parameters: [size, notify] });
    const answer = capabilities.mailParameters(text, session);
    expect(answer).toBeInstanceOf(Reply);
    expect(answer).toMatchObject({ code });
  });

  it('makes values without a prototype', () => {
    const values = registry({ keyword: 'SIZE', parameters: [size] }).mailParameters('SIZE=1', session);
    expect(Object.getPrototypeOf(values)).toBeNull();
  });
});
