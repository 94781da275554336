/** The policy require: the contract, and what it asks for in which order. */
import { isRefusal, type Session } from '@mailverb/contract';
import {
  contributionsOf,
  describePolicy,
  testClientCertificate,
  testListener,
  testSession,
  testTls,
} from '@mailverb/testing';
import type { z } from 'zod';
import { requirePlugin } from './plugin.js';
import { requireOptions } from './require.options.js';
import { RequirePolicy } from './require.policy.js';

type Written = z.input<typeof requireOptions>;

const make = (options: Written): RequirePolicy => new RequirePolicy(requireOptions.parse(options));

function heard(options: Written, overrides: Partial<Session>): string {
  const session = testSession({ phase: 'greeted', listener: testListener({ tls: 'starttls' }), ...overrides });
  const verdict = make(options).mail({ session, reversePath: null, parameters: {} });
  return isRefusal(verdict) ? `${verdict.kind} ${verdict.reply}` : verdict.kind;
}

describePolicy('require', () => make({ tls: true, auth: true, clientCertificate: true }), { stages: ['mail'] });

const STARTTLS = 'reject 530 5.7.0 Must issue a STARTTLS command first';
const CERTIFICATE = 'reject 530 5.7.0 a client certificate is required';
const AUTH = 'reject 530 5.7.0 Authentication required';

const tls = testTls();
const certified = testTls({ clientCertificate: testClientCertificate() });
const identity = { name: 'ann', mechanism: 'PLAIN' };

describe('require', () => {
  it.each<[Written, Partial<Session>, string]>([
    [{ tls: true }, {}, STARTTLS],
    [{ tls: true }, { identity }, STARTTLS],
    [{ tls: true }, { tls }, 'pass'],
    [{ auth: true }, {}, AUTH],
    [{ auth: true }, { tls }, AUTH],
    [{ auth: true }, { identity }, 'pass'],
    [{ tls: true, auth: true }, {}, STARTTLS],
    [{ tls: true, auth: true }, { tls }, AUTH],
    [{ tls: true, auth: true }, { tls, identity }, 'pass'],
    [{ clientCertificate: true }, {}, STARTTLS],
    [{ clientCertificate: true }, { tls }, CERTIFICATE],
    [{ clientCertificate: true }, { tls, identity }, CERTIFICATE],
    [{ clientCertificate: true }, { tls: certified }, 'pass'],
    [{ clientCertificate: true, auth: true }, { tls: certified }, AUTH],
    [{ clientCertificate: true, auth: true }, { tls: certified, identity }, 'pass'],
  ])('%j of a session with %j: %s', (options, session, expected) => {
    expect(heard(options, session)).toBe(expected);
  });

  it('does not send anybody to STARTTLS where there is none', () => {
    const listener = testListener({ tls: 'none' });
    expect(heard({ tls: true }, { listener })).toBe('reject 530 5.7.0 encryption is required, and this port has none');
  });
});

describe('options of require', () => {
  it.each([{}, { tls: false, auth: false }])('refuse what would require nothing: %j', (options) => {
    expect(requireOptions.safeParse(options).error?.issues[0]?.message).toContain('nothing is required');
  });

  it.each([{ tls: 'yes' }, { tls: true, authentication: true }, { auth: ['ann'] }])('refuse %j', (options) => {
    expect(requireOptions.safeParse(options).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'require', value: RequirePolicy };
  expect(contributionsOf(requirePlugin)).toEqual([expected]);
});
