import type { ListenerInfo, Session } from '@mailverb/contract';
import { contributionsOf, describePolicy, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { heloCheckOptions } from './helo-check.options.js';
import { HeloCheckPolicy } from './helo-check.policy.js';
import { heloCheckPlugin } from './plugin.js';

type Written = z.input<typeof heloCheckOptions>;

const listener: ListenerInfo = {
  name: 'mx',
  hostname: 'MX.Example.org',
  protocol: 'smtp',
  maxMessageSize: 0,
  maxRecipients: 0,
  maxMessages: 0,
  tls: 'none',
};

const make = (options: Written = {}): HeloCheckPolicy => new HeloCheckPolicy(heloCheckOptions.parse(options), listener);

/** `pass`, or the words that refuse. */
function heard(policy: HeloCheckPolicy, name: string, session: Partial<Session> = {}): string {
  const verdict = policy.helo({ session: testSession(session), name, verb: 'EHLO' });
  return 'reply' in verdict ? String(verdict.reply) : verdict.kind;
}

const OWN_NAME = '550 that is my name, not yours';
const LITERAL = '550 that is not your address';
const BARE_IP = '550 write an address literal as [address]';
const NO_FQDN = '550 a fully qualified host name is needed';
const DENIED = '550 this host name is not welcome here';

describePolicy(
  'helo-check',
  () => make({ requireFqdn: true, deny: ['*.bad.example'], ownNames: ['mail.example.org'] }),
  {
    stages: ['helo'],
    names: ['mx.example.org', 'mail.example.org', 'a.bad.example', 'single', '[127.0.0.1]', '[IPv6:::1]'],
  },
);

describe('helo-check, if nothing is said', () => {
  it.each([
    ['client.example.net', 'pass'],
    ['localhost', 'pass'],
    ["mary's_pc", 'pass'],
    ['mx.example.org', OWN_NAME],
    ['MX.EXAMPLE.ORG', OWN_NAME],
    ['mx.example.org.evil.example', 'pass'],
    ['[192.0.2.1]', 'pass'],
    ['[192.0.2.2]', LITERAL],
    ['[192.0.2.10]', LITERAL],
    ['[IPv6:::ffff:192.0.2.1]', 'pass'],
    ['[IPv6:2001:db8::1]', LITERAL],
    ['[x-tag:192.0.2.1]', LITERAL],
    ['[192.0.2.1', LITERAL],
    ['192.0.2.1', BARE_IP],
    ['192.0.2.2', BARE_IP],
    ['2001:db8::1', BARE_IP],
  ])('from 192.0.2.1, %s: %s', (name, expected) => {
    expect(heard(make(), name, { remoteAddress: '192.0.2.1' })).toBe(expected);
  });

  it('knows an IPv6 address in whatever way it is written', () => {
    const session = { remoteAddress: '2001:db8::1' };
    expect(heard(make(), '[IPv6:2001:DB8::1]', session)).toBe('pass');
    expect(heard(make(), '[IPv6:2001:db8:0:0:0:0:0:1]', session)).toBe('pass');
    expect(heard(make(), '[IPv6:2001:db8::2]', session)).toBe(LITERAL);
  });

  it('lets clients on this machine have our name', () => {
    expect(heard(make(), 'mx.example.org', { remoteAddress: '127.0.0.1' })).toBe('pass');
    expect(heard(make(), 'mx.example.org', { remoteAddress: '::1' })).toBe('pass');
    expect(heard(make(), 'mx.example.org', { remoteAddress: '' })).toBe('pass');
    expect(heard(make(), 'mx.example.org', { remoteAddress: '198.51.100.9', localAddress: '198.51.100.9' })).toBe(
      'pass',
    );
    // Defect K8: 127 is no prefix of a text.
    expect(heard(make(), 'mx.example.org', { remoteAddress: '12.7.0.1' })).toBe(OWN_NAME);
  });
});

describe('helo-check as it is told', () => {
  it.each<[Written, string, string]>([
    [{ rejectOwnNames: false }, 'mx.example.org', 'pass'],
    [{ rejectOwnNames: false, ownNames: ['mail.example.org'] }, 'mail.example.org', 'pass'],
    [{ ownNames: ['mail.example.org', '*.internal.example'] }, 'mail.example.org', OWN_NAME],
    [{ ownNames: ['mail.example.org', '*.internal.example'] }, 'db.internal.example', OWN_NAME],
    [{ rejectForeignLiterals: false }, '[203.0.113.9]', 'pass'],
    [{ rejectBareIp: false }, '203.0.113.9', 'pass'],
    [{ requireFqdn: true }, 'localhost', NO_FQDN],
    [{ requireFqdn: true }, "mary's.pc", NO_FQDN],
    [{ requireFqdn: true }, 'my_host.example.net', 'pass'],
    [{ requireFqdn: true }, 'client.example.net', 'pass'],
    [{ requireFqdn: true }, '[192.0.2.1]', 'pass'],
    [{ requireFqdn: true, rejectForeignLiterals: false }, '[x-tag:y]', 'pass'],
    [{ deny: ['ylmf-pc', '*.bad.example', '203.0.113.9'] }, 'YLMF-PC', DENIED],
    [{ deny: ['ylmf-pc', '*.bad.example'] }, 'a.b.bad.example', DENIED],
    [{ deny: ['ylmf-pc', '*.bad.example'] }, 'bad.example', 'pass'],
    [{ deny: ['[203.0.113.9]'], rejectForeignLiterals: false }, '[203.0.113.9]', DENIED],
  ])('%j, %s: %s', (options, name, expected) => {
    expect(heard(make(options), name)).toBe(expected);
  });

  it('says why in the log, each in other words', () => {
    const all = make({ requireFqdn: true, deny: ['bad.example'] });
    const names = ['bad.example', 'single', 'mx.example.org', '[203.0.113.9]', '203.0.113.9'];
    const reasons = names.map((name) => {
      const verdict = all.helo({ session: testSession(), name, verb: 'HELO' });
      return 'reason' in verdict ? verdict.reason : undefined;
    });
    expect(new Set(reasons).size).toBe(names.length);
    expect(reasons).not.toContain(undefined);
  });
});

describe('options of helo-check', () => {
  it.each([{ deny: ['a b'] }, { ownNames: ['*'] }, { requireFQDN: true }, { rejectBareIp: 'yes' }])(
    'refuse %p',
    (options) => {
      expect(heloCheckOptions.safeParse(options).success).toBe(false);
    },
  );
});

describe('heloCheckPlugin', () => {
  it('contributes the policy', () => {
    expect(contributionsOf(heloCheckPlugin)).toEqual([{ kind: 'policy', name: 'helo-check', value: HeloCheckPolicy }]);
  });
});
