/** DSN: the four parameters of RFC 3461, strictly. */
import type { Session } from '@mailverb/contract';
import { contributionsOf, describeExtension, testEnvelope, testSession } from '@mailverb/testing';
import { DsnExtension } from './dsn.extension.js';
import dsnPlugin from './plugin.js';

const utf8 = testSession({ phase: 'mail', envelope: testEnvelope({ parameters: { SMTPUTF8: true } }) });
const ascii = testSession({ phase: 'mail', envelope: testEnvelope() });

describeExtension('DSN', () => new DsnExtension(), {
  sessions: () => [utf8, ascii],
  parameters: {
    'MAIL RET': {
      takes: [
        ['FULL', 'FULL'],
        ['full', 'FULL'],
        ['HDRS', 'HDRS'],
        ['Hdrs', 'HDRS'],
      ],
      refuses: [undefined, '', 'BODY', 'FULL,HDRS', 'HDR\u017f', ' FULL', '__proto__'],
    },
    'MAIL ENVID': {
      takes: [
        ['QQ314159', 'QQ314159'],
        ['a+20b+2Bc+3D', 'a b+c='],
        ['x'.repeat(100), 'x'.repeat(100)],
      ],
      refuses: [
        undefined,
        '',
        'x'.repeat(101),
        'a+',
        'a+2',
        'a+2b',
        'a+0D+0Ab',
        'a+00',
        'a+7F',
        'a+E9',
        'a=b',
        'a b',
        '\u00e9',
      ],
    },
    'RCPT NOTIFY': {
      takes: [
        ['NEVER', 'never'],
        ['never', 'never'],
        ['SUCCESS', new Set(['success'])],
        ['FAILURE,DELAY', new Set(['failure', 'delay'])],
        ['delay,SUCCESS,Failure', new Set(['success', 'failure', 'delay'])],
        ['SUCCESS,SUCCESS', new Set(['success'])],
      ],
      refuses: [
        undefined,
        '',
        ',',
        'NEVER,SUCCESS',
        'SUCCESS,NEVER',
        '\u017fUCCESS',
        'FA\u0131LURE',
        'SUCCESS,',
        ',SUCCESS',
        'SUCCESS,,DELAY',
        'SUCCESS, DELAY',
        'ALWAYS',
      ],
    },
    'RCPT ORCPT': {
      takes: [
        ['rfc822;joe@example.org', { type: 'rfc822', address: 'joe@example.org' }],
        ['RFC822;Joe+2Btag@Example.org', { type: 'RFC822', address: 'Joe+tag@Example.org' }],
        ['x400;/c=us/'.replaceAll('=', '+3D'), { type: 'x400', address: '/c=us/' }],
        ['rfc822;a;b@example.org', { type: 'rfc822', address: 'a;b@example.org' }],
        ['utf-8;joe@example.org', { type: 'utf-8', address: 'joe@example.org' }],
        ['UTF-8;jos\\x{E9}\\x{2B}x@example.org', { type: 'UTF-8', address: 'jos\u00e9+x@example.org' }],
        [`rfc822;${'x'.repeat(493)}`, { type: 'rfc822', address: 'x'.repeat(493) }],
      ],
      refuses: [
        undefined,
        '',
        'joe@example.org',
        ';joe@example.org',
        'rfc822;',
        'rfc 822;joe@example.org',
        'rfc(822);joe@example.org',
        'rfc+0Ax;joe@example.org',
        'utf\u20118;joe@example.org',
        'rfc822;joe+0D+0ABcc:x',
        'rfc822;joe+2b',
        'rfc822;jos\u00e9@example.org',
        'utf-8;joe+2Btag@example.org',
        'utf-8;joe\\x{0A}',
        'utf-8;joe\\x{D800}',
        'utf-8;joe\\x{2028}',
        `rfc822;${'x'.repeat(494)}`,
      ],
    },
  },
});

describe('ORCPT in UTF-8', () => {
  const read = (value: string, session: Session): unknown =>
    new DsnExtension().parameters.flatMap((one) => (one.keyword === 'ORCPT' ? [one.parse(value, session)] : []))[0];

  it('may stand as it is only where MAIL said SMTPUTF8 (RFC 6533 3)', () => {
    const value = 'utf-8;jos\u00e9@example.org';
    expect(read(value, utf8)).toEqual({ type: 'utf-8', address: 'jos\u00e9@example.org' });
    expect(String(read(value, ascii))).toContain('553 5.6.7');
  });
});

it('makes no set of its own for each recipient', () => {
  const notify = new DsnExtension().parameters.find(({ keyword }) => keyword === 'NOTIFY');
  expect(notify?.parse('SUCCESS,DELAY', ascii)).toBe(notify?.parse('delay,success', utf8));
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(dsnPlugin.name).toBe('extension-dsn');
  expect(contributionsOf(dsnPlugin)).toEqual([{ kind: 'extension', name: undefined, value: DsnExtension }]);
});
