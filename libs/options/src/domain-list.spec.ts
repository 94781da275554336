import fc from 'fast-check';
import { DomainSet, domainList, normalizeDomain } from './domain-list.js';

const listed = (domains: string[], domain: string) => domainList().parse(domains).has(domain);

describe('domainList', () => {
  it('lists a domain itself, and with *. all below it', () => {
    expect(listed(['example.org'], 'example.org')).toBe(true);
    expect(listed(['example.org'], 'mx.example.org')).toBe(false);
    expect(listed(['*.example.org'], 'mx.example.org')).toBe(true);
    expect(listed(['*.example.org'], 'a.b.example.org')).toBe(true);
    expect(listed(['*.example.org'], 'example.org')).toBe(false);
    expect(listed(['example.org', '*.example.org'], 'example.org')).toBe(true);
  });

  it('compares whole labels', () => {
    expect(listed(['*.example.org'], 'notexample.org')).toBe(false);
    expect(listed(['*.example.org'], 'example.org.evil.test')).toBe(false);
    expect(listed(['example.org'], 'example.org.')).toBe(false);
  });

  it('compares A-labels in lower case, however they are written', () => {
    expect(listed(['Bücher.Example'], 'xn--bcher-kva.example')).toBe(true);
    expect(listed(['XN--BCHER-KVA.example'], 'xn--bcher-kva.example')).toBe(true);
    expect(listed(['*.Bücher.example'], 'mx.xn--bcher-kva.example')).toBe(true);
  });

  it('lists address literals', () => {
    expect(listed(['[192.0.2.1]'], '[192.0.2.1]')).toBe(true);
    expect(listed(['[ipv6:2001:DB8::1]'], '[IPv6:2001:db8::1]')).toBe(true);
    expect(listed(['192.0.2.1'], '[192.0.2.1]')).toBe(false);
  });

  it('does not take a property of objects for a domain (attack A10)', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(listed(['example.org', '*.example.org'], name)).toBe(false);
      expect(listed([`${name}.example`], `${name.toLowerCase()}.example`)).toBe(true);
    }
  });

  it('refuses what is no domain, each with its place', () => {
    const bad = [
      '',
      '*',
      '*.',
      '.example.org',
      'example..org',
      'exa mple.org',
      'a@example.org',
      '*.[192.0.2.1]',
      '[192.0.2]',
      '-a.org',
      'a\r\nb',
    ];
    const result = domainList().safeParse(['example.org', ...bad]);
    expect(result.error?.issues.map((issue) => issue.path)).toEqual(bad.map((_, i) => [i + 1]));
  });

  it('finds a listed domain and its children only where they are listed', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 2, maxLength: 5 }),
        fc.array(label, { maxLength: 3 }),
        (labels, more) => {
          const parent = labels.join('.');
          const child = [...more, ...labels].join('.');
          expect(listed([`*.${parent}`], child)).toBe(more.length > 0);
          expect(listed([parent], child)).toBe(more.length === 0);
        },
      ),
    );
  });
});

describe('DomainSet', () => {
  it('is empty until something is added', () => {
    const set = new DomainSet();
    expect(set.empty).toBe(true);
    expect(set.add('not a domain')).toBe(false);
    expect(set.empty).toBe(true);
    expect(set.add('*.example.org')).toBe(true);
    expect(set.empty).toBe(false);
  });
});

describe('normalizeDomain', () => {
  it('is undefined for what is no domain', () => {
    expect(normalizeDomain('my host')).toBeUndefined();
    expect(normalizeDomain('My_Host.example')).toBe('my_host.example');
  });
});
