import type { Session } from '@mailverb/contract';
import { contributionsOf, describePolicy, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { relayControlPlugin } from './plugin.js';
import { relayControlOptions } from './relay-control.options.js';
import { RelayControlPolicy } from './relay-control.policy.js';

type Written = z.input<typeof relayControlOptions>;

const make = (options: Written = {}): RelayControlPolicy => new RelayControlPolicy(relayControlOptions.parse(options));

function heard(policy: RelayControlPolicy, session: Partial<Session>, to = 'somebody@far.example'): string {
  const envelope = testEnvelope();
  return policy.rcpt({ session: testSession(session), envelope, mailbox: testMailbox(to), parameters: {} }).kind;
}

const as = (name: string): Partial<Session> => ({ identity: { name, mechanism: 'PLAIN' } });

describePolicy('relay-control', () => make({ networks: ['10.0.0.0/8', '2001:db8::/32'], authenticated: ['ann'] }), {
  stages: ['rcpt'],
});

describe('relay-control by identity', () => {
  it('vouches for all that proved who they are, and for nobody else, if nothing is said', () => {
    expect(heard(make(), as('ann'))).toBe('accept');
    expect(heard(make(), as(''))).toBe('accept');
    expect(heard(make(), {})).toBe('pass');
    expect(heard(make(), { remoteAddress: '127.0.0.1' })).toBe('pass');
  });

  it('vouches for those that are listed', () => {
    const policy = make({ authenticated: ['ann', 'bob'] });
    expect(heard(policy, as('bob'))).toBe('accept');
    expect(heard(policy, as('Bob'))).toBe('pass');
    expect(heard(policy, as('__proto__'))).toBe('pass');
    expect(heard(policy, {})).toBe('pass');
  });

  it('does not look at who it is if it should not', () => {
    expect(heard(make({ authenticated: false, networks: ['10.0.0.0/8'] }), as('ann'))).toBe('pass');
  });
});

describe('relay-control by network', () => {
  const policy = make({ networks: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'] });

  it.each([
    ['10.255.0.1', 'accept'],
    ['192.0.2.7', 'accept'],
    ['::ffff:10.1.2.3', 'accept'],
    ['2001:db8:ffff::1', 'accept'],
    // Defect K8: no prefix of a text.
    ['100.0.0.1', 'pass'],
    ['192.0.2.70', 'pass'],
    ['2001:db80::1', 'pass'],
    ['', 'pass'],
  ])('%s: %s', (remoteAddress, expected) => {
    expect(heard(policy, { remoteAddress })).toBe(expected);
  });

  it('vouches for any recipient of such a client', () => {
    for (const to of ['a@[192.0.2.1]', 'a@[IPv6:2001:db8::1]', 'a@b.example', 'Postmaster']) {
      expect(heard(policy, { remoteAddress: '10.0.0.1' }, to)).toBe('accept');
    }
  });

  it('vouches for clients of other networks that proved who they are', () => {
    expect(heard(policy, { remoteAddress: '198.51.100.1', ...as('ann') })).toBe('accept');
  });
});

describe('options of relay-control', () => {
  it.each([{ authenticated: false }, { authenticated: [] }, { authenticated: false, networks: [] }])(
    'refuse what would let nobody relay: %p',
    (options) => {
      expect(relayControlOptions.safeParse(options).error?.issues[0]?.message).toContain('nobody could relay');
    },
  );

  it.each([{ networks: ['10'] }, { networks: ['10.0.0.0/33'] }, { authenticated: [''] }, { network: [] }])(
    'refuse %p',
    (options) => {
      expect(relayControlOptions.safeParse(options).success).toBe(false);
    },
  );
});

describe('relayControlPlugin', () => {
  it('contributes the policy', () => {
    const expected = { kind: 'policy', name: 'relay-control', value: RelayControlPolicy };
    expect(contributionsOf(relayControlPlugin)).toEqual([expected]);
  });
});
