import type { RcptInput } from '@mailverb/contract';
import { contributionsOf, describePolicy, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { recipientsPlugin } from './plugin.js';
import { recipientsOptions } from './recipients.options.js';
import { RecipientsPolicy } from './recipients.policy.js';

type Written = z.input<typeof recipientsOptions>;

const make = (options: Written): RecipientsPolicy => new RecipientsPolicy(recipientsOptions.parse(options));

const session = testSession();
const question = (address: string): RcptInput => ({
  session,
  envelope: testEnvelope(),
  mailbox: testMailbox(address),
  parameters: {},
});

/** `accept`, `pass`, or the reply that refuses. */
function heard(policy: RecipientsPolicy, address: string): string {
  const verdict = policy.rcpt(question(address));
  return 'reply' in verdict ? String(verdict.reply) : verdict.kind;
}

const NO_SUCH_USER = '550 5.1.1 no such user';
const NO_ROUTES = '550 5.1.3 no routes in local parts';

describePolicy('recipients, a list', () => make({ domains: ['example.org'], users: ['ann'], subAddressing: '+' }), {
  stages: ['rcpt'],
  addresses: ['ann@example.org', 'ann+x@example.org', 'bob@example.org'],
});
describePolicy('recipients, anybody', () => make({ any: true }), { stages: ['rcpt'] });

describe('recipients with domains alone', () => {
  const policy = make({ domains: ['example.org', '*.example.net', 'Bücher.example', '[192.0.2.25]'] });

  it.each([
    ['anybody@example.org', 'accept'],
    ['anybody@EXAMPLE.ORG', 'accept'],
    ['anybody@mx.example.net', 'accept'],
    ['anybody@bücher.example', 'accept'],
    ['anybody@xn--bcher-kva.example', 'accept'],
    ['anybody@[192.0.2.25]', 'accept'],
    ['anybody@example.net', 'pass'],
    ['anybody@mx.example.org', 'pass'],
    ['anybody@example.com', 'pass'],
    ['anybody@[192.0.2.26]', 'pass'],
    ['"anybody@example.org"@example.com', 'pass'],
  ])('%s: %s', (address, expected) => {
    expect(heard(policy, address)).toBe(expected);
  });
});

describe('recipients with a list of users', () => {
  const users = ['ann', 'bob@example.org', 'Zoë', '"q u"', 'a%b'];
  const policy = make({ domains: ['example.org', 'example.net'], users });

  it.each([
    ['ann@example.org', 'accept'],
    ['ANN@example.net', 'accept'],
    ['bob@example.org', 'accept'],
    ['Bob@Example.org', 'accept'],
    ['bob@example.net', NO_SUCH_USER],
    ['zoe\u0308@example.org', 'accept'],
    ['"q u"@example.org', 'accept'],
    ['carl@example.org', NO_SUCH_USER],
    ['ann+tag@example.org', NO_SUCH_USER],
    ['carl@example.com', 'pass'],
    ['a%b@example.org', 'accept'],
    ['__proto__@example.org', NO_SUCH_USER],
    ['constructor@example.org', NO_SUCH_USER],
  ])('%s: %s', (address, expected) => {
    expect(heard(policy, address)).toBe(expected);
  });

  it('can tell Ann from ann', () => {
    const exact = make({ domains: ['example.org'], users: ['ann', 'Bob@example.org'], ignoreCase: false });
    expect(heard(exact, 'ann@example.org')).toBe('accept');
    expect(heard(exact, 'Ann@example.org')).toBe(NO_SUCH_USER);
    expect(heard(exact, 'Bob@EXAMPLE.org')).toBe('accept');
    expect(heard(exact, 'POSTMASTER@example.org')).toBe('accept');
  });

  it('takes nobody but the postmaster where the list is empty', () => {
    const nobody = make({ domains: ['example.org'], users: [] });
    expect(heard(nobody, 'ann@example.org')).toBe(NO_SUCH_USER);
    expect(heard(nobody, 'postmaster@example.org')).toBe('accept');
  });
});

describe('recipients and the postmaster (RFC 5321 4.5.1)', () => {
  const policy = make({ domains: ['example.org'], users: ['ann'] });

  it.each([
    ['Postmaster', 'accept'],
    ['postmaster', 'accept'],
    ['postMASTER@example.org', 'accept'],
    ['"postmaster"@example.org', 'accept'],
    ['postmaster@example.com', 'pass'],
  ])('%s: %s', (address, expected) => {
    expect(heard(policy, address)).toBe(expected);
  });
});

describe('recipients with sub-addressing', () => {
  it.each([
    ['ann+lists@example.org', 'accept'],
    ['Ann+Lists+more@example.org', 'accept'],
    ['ann+@example.org', 'accept'],
    ['postmaster+spam@example.org', 'accept'],
    ['bob+x@example.org', NO_SUCH_USER],
    ['+ann@example.org', NO_SUCH_USER],
    ['ann-lists@example.org', NO_SUCH_USER],
    ['mary+ann@example.org', 'accept'],
  ])('%s: %s', (address, expected) => {
    const policy = make({ domains: ['example.org'], users: ['ann', 'mary+ann'], subAddressing: '+' });
    expect(heard(policy, address)).toBe(expected);
  });

  it('keeps users of one domain in it', () => {
    const policy = make({ domains: ['example.org', 'example.net'], users: ['ann@example.org'], subAddressing: '-' });
    expect(heard(policy, 'ann-x@example.org')).toBe('accept');
    expect(heard(policy, 'ann-x@example.net')).toBe(NO_SUCH_USER);
  });
});

describe('recipients with a catch-all', () => {
  it('takes who is not listed, everywhere or in some domains', () => {
    const everywhere = make({ domains: ['example.org'], users: ['ann'], catchAll: true });
    expect(heard(everywhere, 'bob@example.org')).toBe('accept');
    expect(heard(everywhere, 'bob@example.com')).toBe('pass');
    const some = make({ domains: ['example.org', 'example.net'], users: ['ann'], catchAll: ['example.net'] });
    expect(heard(some, 'bob@example.net')).toBe('accept');
    expect(heard(some, 'bob@example.org')).toBe(NO_SUCH_USER);
    expect(heard(some, 'ann@example.org')).toBe('accept');
  });

  it('can be turned off where nobody is listed', () => {
    const policy = make({ domains: ['example.org'], catchAll: false });
    expect(heard(policy, 'ann@example.org')).toBe(NO_SUCH_USER);
    expect(heard(policy, 'postmaster@example.org')).toBe('accept');
  });
});

// What stands in a local part never names another domain: with a list it is just not there, with a catch-all it is refused, because a
// server behind this one might take it for a route. Where it is accepted on purpose, the mailbox that goes on is still in our domain.
describe('recipients and routes in local parts (attacks A7, A17)', () => {
  const routes = [
    'victim%other.example@example.org',
    'other.example!victim@example.org',
    '"victim@other.example"@example.org',
  ];

  it.each(routes)('%s', (address) => {
    expect(heard(make({ domains: ['example.org'], users: ['victim'] }), address)).toBe(NO_SUCH_USER);
    expect(heard(make({ domains: ['example.org'] }), address)).toBe(NO_ROUTES);
    expect(heard(make({ domains: ['example.org'], users: ['ann'], catchAll: true }), address)).toBe(NO_ROUTES);
    expect(heard(make({ domains: ['other.example'] }), address)).toBe('pass');
    const accepting = make({ domains: ['example.org'], routes: 'accept' });
    const asked = question(address);
    expect(accepting.rcpt(asked).kind).toBe('accept');
    expect(asked.mailbox.domain).toBe('example.org');
  });
});

describe('recipients and routes in tags (attacks A7, A17)', () => {
  const options: Written = { domains: ['example.org'], users: ['ann', 'a%b', 'ann+x%y'], subAddressing: '+' };

  it.each([
    ['ann+victim%relay.example@example.org', NO_ROUTES],
    ['ann+relay.example!victim@example.org', NO_ROUTES],
    ['"ann+v@relay.example"@example.org', NO_ROUTES],
    ['postmaster+v%relay.example@example.org', NO_ROUTES],
    ['carl+v%relay.example@example.org', NO_SUCH_USER],
    ['ann+x%y@example.org', 'accept'],
    ['a%b+tag@example.org', 'accept'],
    ['a%b+v%relay.example@example.org', NO_ROUTES],
  ])('%s: %s', (address, expected) => {
    expect(heard(make(options), address)).toBe(expected);
    const accepting = heard(make({ ...options, routes: 'accept' }), address);
    expect(accepting).toBe(expected === NO_SUCH_USER ? NO_SUCH_USER : 'accept');
  });
});

describe('recipients with any: true', () => {
  it('takes everybody', () => {
    const policy = make({ any: true });
    for (const address of ['a@example.org', 'a%b@example.com', 'Postmaster', 'a@[192.0.2.1]']) {
      expect(heard(policy, address)).toBe('accept');
    }
  });
});

describe('options of recipients', () => {
  const issues = (options: unknown) =>
    recipientsOptions.safeParse(options).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'domains: expected at least one domain'],
    ['no domain', { domains: [] }, 'domains: expected at least one domain'],
    ['a star', { domains: ['*'] }, 'domains.0: expected a domain'],
    ['a domain that is none', { domains: ['example.org', 'a b'] }, 'domains.1: expected a domain'],
    ['an unknown key', { domains: ['example.org'], user: [] }, 'Unrecognized key'],
    [
      'a user of another domain',
      { domains: ['example.org'], users: ['ann@example.com'] },
      'users.0: example.com is not',
    ],
    ['a user that is none', { domains: ['example.org'], users: ['ann', 'a b'] }, 'users.1: expected a local part'],
    ['two characters for a tag', { domains: ['example.org'], subAddressing: '++' }, 'subAddressing: expected one of'],
    ['a letter for a tag', { domains: ['example.org'], subAddressing: 'x' }, 'subAddressing: expected one of'],
    ['any, and domains', { any: true, domains: ['example.org'] }, 'any: takes every recipient'],
    ['any, and users', { any: true, users: [] }, 'any: takes every recipient'],
  ])('refuse %s', (_what, options, expected) => {
    expect(issues(options)?.join('\n')).toContain(expected);
  });

  it('take a postmaster in the list, who is there anyway', () => {
    expect(issues({ domains: ['example.org'], users: ['postmaster', 'postmaster@example.org'] })).toBeUndefined();
  });
});

describe('recipientsPlugin', () => {
  it('contributes the policy', () => {
    expect(contributionsOf(recipientsPlugin)).toEqual([
      { kind: 'policy', name: 'recipients', value: RecipientsPolicy },
    ]);
  });
});
