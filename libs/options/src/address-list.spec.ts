import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { addressList, foldLocal } from './address-list.js';

function mailbox(address: string): Mailbox {
  const parsed = parseMailbox(address);
  if (parsed === undefined) throw new Error(`no mailbox: ${address}`);
  return parsed;
}

const listed = (addresses: string[], address: string) => addressList().parse(addresses).has(mailbox(address));

describe('addressList', () => {
  it('lists an address, in any case', () => {
    expect(listed(['Ann@Example.org'], 'ann@example.ORG')).toBe(true);
    expect(listed(['ann@example.org'], 'anna@example.org')).toBe(false);
    expect(listed(['ann@example.org'], 'ann@mx.example.org')).toBe(false);
    expect(listed(['ann@example.org', 'bob@example.org'], 'bob@example.org')).toBe(true);
  });

  it('lists a domain, and with *. all below it', () => {
    expect(listed(['example.org'], 'anybody@example.org')).toBe(true);
    expect(listed(['*.example.org'], 'anybody@lists.example.org')).toBe(true);
    expect(listed(['*.example.org'], 'anybody@example.org')).toBe(false);
  });

  it('compares what an address means, not how it is quoted (attack A7)', () => {
    expect(listed(['"ann"@example.org'], 'ann@example.org')).toBe(true);
    expect(listed(['example.org'], '"x@example.org"@other.example')).toBe(false);
    expect(listed(['"a@b"@example.org'], '"a@b"@example.org')).toBe(true);
  });

  it('composes characters and folds their case', () => {
    expect(listed(['J\u00d6rg@example.org'], 'jo\u0308rg@example.org')).toBe(true);
    expect(foldLocal(mailbox('Ann@example.org'))).toBe('ann');
  });

  it('lists the null reverse-path only where it is written', () => {
    expect(addressList().parse(['<>']).has(null)).toBe(true);
    expect(addressList().parse(['example.org']).has(null)).toBe(false);
    expect(addressList().parse(['<>']).empty).toBe(false);
    expect(addressList().parse([]).empty).toBe(true);
  });

  it('lists the postmaster without a domain', () => {
    expect(listed(['postmaster'], 'Postmaster')).toBe(true);
    expect(listed(['postmaster'], 'postmaster@example.org')).toBe(false);
    expect(listed(['ann@example.org'], 'postmaster')).toBe(false);
  });

  it('refuses what is neither, each with its place', () => {
    const bad = [
      '',
      '@example.org',
      'ann@',
      'ann@@example.org',
      'a b@example.org',
      '<ann@example.org>',
      '*@example.org ',
    ];
    const result = addressList().safeParse(['ann@example.org', ...bad]);
    expect(result.error?.issues.map((issue) => issue.path)).toEqual(bad.map((_, i) => [i + 1]));
  });
});
