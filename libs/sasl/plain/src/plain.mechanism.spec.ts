/** PLAIN: which messages it takes, and what it asks. */
import {
  SaslDialogue,
  TestAuthenticator,
  contributionsOf,
  describeMechanism,
  saslSession,
  testUser,
} from '@mailverb/testing';
import fc from 'fast-check';
import { parsePlain } from './plain-message.js';
import { PlainMechanism } from './plain.mechanism.js';
import plainPlugin from './plugin.js';

const message = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('\0'));

describeMechanism('PLAIN', (authenticator) => new PlainMechanism(authenticator), {
  asks: 'password',
  client:
    ({ name, password }, authzid) =>
    () =>
      message(authzid ?? '', name, password),
});

describe('the message of PLAIN', () => {
  it.each([
    // RFC 4616 4.
    [message('', 'tim', 'tanstaaftanstaaf'), { authcid: 'tim', password: 'tanstaaftanstaaf' }],
    [message('Ursel', 'Kurt', 'xipj3plmq'), { authzid: 'Ursel', authcid: 'Kurt', password: 'xipj3plmq' }],
    [message('', 'J\u00f6rg', 'I\u00adX'), { authcid: 'J\u00f6rg', password: 'IX' }],
    [message('', 'a'.repeat(255), 'p'.repeat(255)), { authcid: 'a'.repeat(255), password: 'p'.repeat(255) }],
    [message('', 'ann', ' pass\tword '), { authcid: 'ann', password: ' pass\tword ' }],
  ])('%s', (octets, expected) => {
    expect(parsePlain(octets)).toEqual({ authzid: undefined, ...expected });
  });

  it.each([
    ['nothing', message('')],
    ['no NUL', message('ann')],
    ['one NUL', message('ann', 'secret')],
    ['three NULs', message('', 'ann', 'sec', 'ret')],
    ['a NUL behind it', message('', 'ann', 'secret', '')],
    ['no name', message('', '', 'secret')],
    ['no name but an authzid', message('ann', '', 'secret')],
    ['no password', message('', 'ann', '')],
    ['NULs alone', message('', '', '')],
    ['a name too long', message('', 'a'.repeat(256), 'secret')],
    ['an authzid too long', message('a'.repeat(256), 'ann', 'secret')],
    ['a password too long', message('', 'ann', 'p'.repeat(256))],
    ['a line end in the name', message('', 'ann\r\n', 'secret')],
    ['an escape in the authzid', message('\x1b[2J', 'ann', 'secret')],
    ['an authzid that comes to nothing', message('\u00ad', 'ann', 'secret')],
    ['a name that is not UTF-8', Buffer.from('\0\xffann\0secret', 'latin1')],
    ['a password that is not UTF-8', Buffer.from('\0ann\0secret\xff', 'latin1')],
    ['a NUL in two octets', Buffer.from('\0ann\xc0\x80\0secret', 'latin1')],
  ])('is not one with %s', async (_what, octets) => {
    expect(parsePlain(octets)).toBeUndefined();
    const mechanism = new PlainMechanism(new TestAuthenticator());
    expect(await mechanism.begin(saslSession()).step(octets)).toMatchObject({ type: 'failure', kind: 'malformed' });
  });

  it('says what was written, for every name and password', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aZ09 \u00e9,=@;'), minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(part, part, part, (authzid, authcid, password) => {
        expect(parsePlain(message(authzid, authcid, password))).toEqual({ authzid, authcid, password });
      }),
    );
  });

  it('is read in one way only, whatever comes', () => {
    const octet = fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 4, arbitrary: fc.integer({ min: 32, max: 126 }) },
    );
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 30 }), (octets) => {
        const read = parsePlain(Buffer.from(octets));
        if (read === undefined) return;
        expect(message(read.authzid ?? '', read.authcid, read.password)).toEqual(Buffer.from(octets));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('PLAIN', () => {
  const ann = testUser('ann');

  it('takes who asks for itself by the name that it said, though the authenticator says it differently', async () => {
    const authenticator = new TestAuthenticator({ users: [ann], acts: (name) => `${name}@example.org` });
    const client = () => message('ann', 'ann', ann.password);
    const end = await new SaslDialogue(new PlainMechanism(authenticator), saslSession(), client).finish();
    expect(end).toEqual({ type: 'success', name: 'ann@example.org' });
    expect(authenticator.calls).toEqual(['password ann']);
  });

  it('waits with an empty challenge where there is no initial response', async () => {
    const exchange = new PlainMechanism(new TestAuthenticator()).begin(saslSession());
    expect(await exchange.step(undefined)).toEqual({ type: 'challenge', data: new Uint8Array(0) });
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(plainPlugin.name).toBe('sasl-plain');
  expect(contributionsOf(plainPlugin)).toEqual([{ kind: 'mechanism', name: undefined, value: PlainMechanism }]);
});
