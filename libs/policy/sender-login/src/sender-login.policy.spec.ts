/** The policy sender-login: the contract, and who may send as whom. */
import { isRefusal, type Verdict } from '@mailverb/contract';
import { contributionsOf, describePolicy, testMailbox, testSession } from '@mailverb/testing';
import type { z } from 'zod';
import { senderLoginPlugin } from './plugin.js';
import { senderLoginOptions } from './sender-login.options.js';
import { SenderLoginPolicy } from './sender-login.policy.js';

type Written = z.input<typeof senderLoginOptions>;

const make = (options: Written = {}): SenderLoginPolicy => new SenderLoginPolicy(senderLoginOptions.parse(options));

function asked(options: Written, name: string | undefined, sender: string): Verdict {
  const identity = name === undefined ? undefined : { name, mechanism: 'PLAIN' };
  const session = testSession({ phase: 'greeted', identity });
  const reversePath = sender === '' ? null : testMailbox(sender);
  return make(options).mail({ session, reversePath, parameters: {} });
}

const may = (options: Written, name: string | undefined, sender: string): boolean =>
  asked(options, name, sender).kind === 'pass';

const LISTED: Written = {
  senders: {
    'ann@example.org': ['news@example.org', '*@lists.example.org', 'example.net', '*.example.com'],
    bob: ['bob@example.org'],
    '*': ['help@example.org'],
  },
};

describePolicy('sender-login', () => make({ ...LISTED, domains: ['example.org'], subAddressing: '+' }), {
  stages: ['mail'],
  addresses: ['ann@example.org', 'news@example.org', 'a@lists.example.org', 'ann+tag@example.org', 'help@example.org'],
});

describe('sender-login', () => {
  it.each([
    // The identity itself.
    ['ann@example.org', 'ann@example.org', true],
    ['ann@example.org', 'Ann@EXAMPLE.org', true],
    ['ANN@Example.ORG', 'ann@example.org', true],
    ['ann@example.org', 'ann@example.org.example', false],
    ['ann@example.org', 'bob@example.org', false],
    ['ann@example.org', 'ann+tag@example.org', false],
    ['j\u00f6rg@b\u00fccher.example', 'j\u00f6rg@xn--bcher-kva.example', true],
    // What is listed for it.
    ['ann@example.org', 'news@example.org', true],
    ['ann@example.org', 'anybody@lists.example.org', true],
    ['ann@example.org', '*@lists.example.org', true],
    ['ann@example.org', 'anybody@x.lists.example.org', false],
    ['ann@example.org', 'anybody@example.net', true],
    ['ann@example.org', 'anybody@x.example.net', false],
    ['ann@example.org', 'anybody@x.example.com', true],
    ['ann@example.org', 'anybody@example.com', false],
    ['bob', 'bob@example.org', true],
    ['bob', 'news@example.org', false],
    // For others nothing of that, and for everybody what everybody may.
    ['joe', 'news@example.org', false],
    ['joe', 'help@example.org', true],
    ['*', 'help@example.org', true],
    ['*', 'bob@example.org', false],
    // Identities are compared exactly.
    ['Bob', 'bob@example.org', false],
    ['', 'bob@example.org', false],
    // Attacks A7 and A10.
    ['__proto__', 'ann@example.org', false],
    ['constructor', 'ann@example.org', false],
    ['toString', 'help@example.org', true],
    ['ann@example.org', '"ann@example.org"@evil.example', false],
    ['ann@example.org', 'ann%example.org@evil.example', false],
    ['ann@example.org', '"ann"@example.org', true],
  ])('%s as %s: %p', (name, sender, expected) => {
    expect(may(LISTED, name, sender)).toBe(expected);
  });

  it('has nothing to say to who has not proved who it is', () => {
    expect(may(LISTED, undefined, 'ann@example.org')).toBe(true);
    expect(may({ ...LISTED, nullSender: 'refuse' }, undefined, '')).toBe(true);
  });

  it('lets everybody send as <>, or nobody to whom it is not listed', () => {
    expect(may(LISTED, 'ann@example.org', '')).toBe(true);
    const strict: Written = { nullSender: 'refuse', senders: { postmaster: ['<>'] } };
    expect(may(strict, 'ann@example.org', '')).toBe(false);
    expect(may(strict, 'postmaster', '')).toBe(true);
  });

  it('knows no own address where it should not', () => {
    expect(may({ ...LISTED, own: false }, 'ann@example.org', 'ann@example.org')).toBe(false);
    expect(may({ ...LISTED, own: false }, 'ann@example.org', 'news@example.org')).toBe(true);
  });

  it('takes an identity that is no address for a user of our domains', () => {
    const options: Written = { domains: ['example.org', '*.example.net'] };
    for (const sender of ['ann@example.org', 'ANN@example.org', 'ann@x.example.net']) {
      expect(may(options, 'ann', sender)).toBe(true);
    }
    for (const sender of ['ann@example.net', 'ann@evil.example', 'bob@example.org', '"ann@example.org"@example.org']) {
      expect(may(options, 'ann', sender)).toBe(false);
    }
    expect(may(options, 'ann@example.org', '"ann@example.org"@example.org')).toBe(false);
    expect(may(options, 'postmaster', 'postmaster@example.org')).toBe(true);
    expect(may({}, 'ann', 'ann@example.org')).toBe(false);
    expect(may({}, 'postmaster', 'postmaster@example.org')).toBe(false);
  });

  it('lets tags be added where they are known', () => {
    const options: Written = { ...LISTED, subAddressing: '+', domains: ['example.org'] };
    for (const [name, sender] of [
      ['ann@example.org', 'ann+tag@example.org'],
      ['ann@example.org', 'Ann+a+b@example.org'],
      ['ann@example.org', 'news+1@example.org'],
      ['joe', 'joe+x@example.org'],
      ['joe', 'help+x@example.org'],
      ['joe+x', 'joe+x@example.org'],
    ] as const) {
      expect(`${name} ${sender} ${may(options, name, sender)}`).toBe(`${name} ${sender} true`);
    }
    for (const [name, sender] of [
      ['ann@example.org', '+ann@example.org'],
      ['ann@example.org', 'ann-tag@example.org'],
      ['ann@example.org', 'anna+x@example.org'],
      ['joe+x', 'joe+y@example.org'],
      ['joe+x', 'joe@example.org'],
    ] as const) {
      expect(`${name} ${sender} ${may(options, name, sender)}`).toBe(`${name} ${sender} false`);
    }
  });

  it('says so in words that tell nobody what others may, and tells the log who and what', () => {
    const verdict = asked(LISTED, 'joe\r\nX: y', 'news@example.org');
    if (!isRefusal(verdict)) throw new Error(verdict.kind);
    expect(String(verdict.reply)).toBe('553 5.7.1 you may not send as this address');
    expect(verdict.reason).toBe('joe??X: y may not send as news@example.org');
  });
});

describe('options of sender-login', () => {
  it('have defaults', () => {
    const { own, senders, subAddressing, nullSender, domains } = senderLoginOptions.parse({});
    expect({ own, subAddressing, nullSender, size: senders.size, domains: domains.empty }).toEqual({
      own: true,
      subAddressing: undefined,
      nullSender: 'allow',
      size: 0,
      domains: true,
    });
  });

  it.each<[unknown, string]>([
    [{ own: false }, 'nobody could send'],
    [{ own: false, domains: ['example.org'], senders: { ann: ['ann@example.org'] } }, 'no effect without own'],
    [{ senders: { ann: 'ann@example.org' } }, 'expected array'],
    [{ senders: { ann: ['ann@'] } }, 'expected an address such as'],
    [{ senders: { ann: ['*@*@example.org'] } }, 'expected an address such as'],
    [{ senders: { ann: ['*@ann@example.org'] } }, 'expected an address such as'],
    [{ senders: { ann: ['*@<>'] } }, 'expected an address such as'],
    [{ senders: { ann: ['*@'] } }, 'expected an address such as'],
    [{ senders: { ann: ['*'] } }, 'expected an address such as'],
    [{ subAddressing: '++' }, 'expected one of'],
    [{ nullSender: 'yes' }, 'expected one of'],
    [{ sender: {} }, 'nrecognized key'],
  ])('refuse %j', (options, message) => {
    const result = senderLoginOptions.safeParse(options);
    expect(result.error?.issues.map((issue) => issue.message).join()).toContain(message);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'sender-login', value: SenderLoginPolicy };
  expect(contributionsOf(senderLoginPlugin)).toEqual([expected]);
});
