/** BDAT: counts exactly or closes, and drops what it may not take (attack A3). */
import { PHASES } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testEnvelope, testRecipient, testSession } from '@mailverb/testing';
import fc from 'fast-check';
import { BdatVerb } from './bdat.verb.js';
import bdatPlugin from './plugin.js';

const verb = new BdatVerb();
const envelope = testEnvelope({ recipients: [testRecipient('a@example.org')] });
const first = testSession({ phase: 'rcpt', envelope });
const later = testSession({ phase: 'bdat', envelope });

describeVerb('bdat', () => new BdatVerb(), { args: ['0', '0 LAST', '86 LAST', '9007199254740991'] });

describe('the arguments of BDAT', () => {
  it.each([
    ['0', 0, false],
    ['0 LAST', 0, true],
    ['86', 86, false],
    ['86 LAST', 86, true],
    ['86 last', 86, true],
    ['86   Last', 86, true],
    ['00000000000000000000000086', 86, false],
    ['9007199254740991 LAST', Number.MAX_SAFE_INTEGER, true],
  ])('"%s" is %d octets, last: %s', (args, octets, last) => {
    expect(verb.parse(args)).toEqual({ chunk: { octets, last } });
  });

  it.each([
    '',
    ' ',
    'LAST',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '1_000',
    '1,000',
    '1LAST',
    '1\tLAST',
    '1 LAS',
    '1 LAST LAST',
    '1 LASTT',
    '1 LA\u017fT',
    '1 LA\ufb06',
    '1\u00a0LAST',
    '1 \u00a0LAST',
    '1 LAST\u00a0',
    '1 ',
    '1 2',
    '\u0661',
    '\uff11',
    '9007199254740992',
    '18446744073709551616',
    '18446744073709551626 LAST',
    '9'.repeat(1000),
  ])('"%s" does not say how many, so the session is closed', (args) => {
    const params = verb.parse(args);
    expect(params).toEqual({ chunk: undefined });
    for (const phase of PHASES) {
      const session = testSession({ phase, envelope });
      expect(verb.question(params, session)).toBeUndefined();
      const { reply, effect } = verb.perform(params, session);
      expect(String(reply)).toContain('501 5.5.4');
      expect(effect).toEqual({ type: 'close' });
      expect(verb.refusalEffect(params)).toEqual({ type: 'close' });
    }
  });

  it('are what was written, for every number that there is', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.boolean(), (octets, last) => {
        expect(verb.parse(`${octets}${last ? ' LAST' : ''}`)).toEqual({ chunk: { octets, last } });
      }),
    );
  });
});

describe('BDAT', () => {
  it.each([first, later])('receives the chunk in phase $phase', (session) => {
    const { reply, effect } = verb.perform({ chunk: { octets: 86, last: true } }, session);
    expect(String(reply)).toBe('250 2.0.0 86 octets received');
    expect(effect).toEqual({ type: 'receive-chunk', octets: 86, last: true });
  });

  it('asks the policies with the first chunk and not again', () => {
    const params = verb.parse('86');
    expect(verb.question(params, first)).toEqual({ stage: 'data', input: { session: first, envelope } });
    expect(verb.question(params, later)).toBeUndefined();
  });

  it.each(['connected', 'greeted', 'mail'] as const)('drops the chunk in phase %s, and never executes it', (phase) => {
    const session = testSession({ phase, envelope: phase === 'mail' ? envelope : undefined });
    const params = verb.parse('86 LAST');
    expect(verb.question(params, session)).toBeUndefined();
    const { reply, effect } = verb.perform(params, session);
    expect(String(reply)).toContain('503 5.5.1');
    expect(effect).toEqual({ type: 'skip-chunk', octets: 86, last: true });
  });

  it('has the chunk dropped if a policy refuses', () => {
    expect(verb.refusalEffect(verb.parse('86 LAST'))).toEqual({ type: 'skip-chunk', octets: 86, last: true });
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(bdatPlugin.name).toBe('verb-bdat');
  expect(contributionsOf(bdatPlugin)).toEqual([{ kind: 'verb', name: undefined, value: BdatVerb }]);
});
