import fc from 'fast-check';
import { parseMailbox } from '@mailverb/protocol';
import { testMailbox } from '@mailverb/testing';
import { ADDRESSES, DOMAINS, TEXTS } from './keys.js';

const found = (written: string, asked: string) =>
  ADDRESSES.candidates(testMailbox(asked)).indexOf(ADDRESSES.read(written) ?? 'none');

describe('keys', () => {
  it.each([
    ['Ann@Example.ORG', 'ann@example.org', 0],
    ['ann@bücher.example', 'ANN@xn--bcher-kva.example', 0],
    ['"a b"@example.org', '"A b"@example.org', 0],
    ['postmaster', 'Postmaster', 0],
    ['example.org', 'ann@example.org', 1],
    ['[192.0.2.1]', 'ann@[192.0.2.1]', 1],
    ['*.example.org', 'ann@a.example.org', 2],
    ['*.example.org', 'ann@b.a.example.org', 3],
    ['*.example.org', 'ann@example.org', -1],
    ['*.example.org', 'ann@badexample.org', -1],
    ['example.org', 'postmaster', -1],
    // What stands before the last @ is never a domain (attack A7).
    ['example.org', '"x@example.org"@example.net', -1],
    ['x@example.org', '"x@example.org"@example.net', -1],
    ['ann@example.org', 'ann@example.net', -1],
  ])('%s is candidate of %s: %d', (written, asked, expected) => {
    expect(found(written, asked)).toBe(expected);
  });

  it.each(['', '@', 'a b', '*', '*.', '*.[192.0.2.1]', 'a@', '@example.org', 'exa mple.org'])(
    'of addresses are never %j',
    (text) => {
      expect(ADDRESSES.read(text)).toBeUndefined();
    },
  );

  it('of domains are no addresses', () => {
    expect(DOMAINS.read('a@example.org')).toBeUndefined();
    expect(DOMAINS.candidates('a.b.example')).toEqual(['a.b.example', '*.b.example', '*.example']);
    expect(DOMAINS.candidates('[192.0.2.1]')).toEqual(['[192.0.2.1]']);
  });

  it('that are texts are what they are', () => {
    expect(TEXTS.read('')).toBeUndefined();
    expect(TEXTS.candidates('__proto__')).toEqual(['__proto__']);
  });

  it('ask a service for an address as it goes over the wire, without its case', () => {
    expect(ADDRESSES.question(testMailbox('"A b"@Example.org'))).toBe('"a b"@example.org');
  });

  it('are found by what they were made of, whatever the mailbox is', () => {
    const local = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(local, fc.domain(), (name, domain) => {
        const quoted = `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"@${domain}`;
        const mailbox = parseMailbox(quoted);
        fc.pre(mailbox !== undefined);
        const [first, second] = ADDRESSES.candidates(mailbox);
        expect(ADDRESSES.read(mailbox.address)).toBe(first);
        expect(second).toBe(mailbox.domain);
      }),
    );
  });
});
