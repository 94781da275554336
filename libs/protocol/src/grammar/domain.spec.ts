import { endsInNumber, toAsciiDomain } from './domain.js';

describe('toAsciiDomain (RFC 5890, UTS #46)', () => {
  it.each([
    ['example.org', 'example.org'],
    ['Example.ORG', 'example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['faß.example', 'xn--fa-hia.example'],
    ['пример.испытание', 'xn--e1afmkfd.xn--80akhbyknj4f'],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
    ['i❤.example', 'xn--i-7iq.example'],
    ['𝐞xample.org', 'example.org'],
    ['ｅｘａｍｐｌｅ．ｏｒｇ', 'example.org'],
    ['a\u00adb.example', 'ab.example'],
    ['r3---sn-a.example', 'r3---sn-a.example'],
    // What is ASCII is not decoded: nobody can have registered these, and they lead nowhere.
    ['XN--A', 'xn--a'],
    ['xn--zzzzzzz99999', 'xn--zzzzzzz99999'],
  ])('%s is %s', (domain, ascii) => {
    expect(toAsciiDomain(domain)).toBe(ascii);
  });

  it.each([
    ['nothing', ''],
    ['an empty label', 'bücher..example'],
    ['a dot at the end', 'bücher.example.'],
    ['an ideographic dot at the end', 'bücher.example。'],
    ['a label that is ignored whole', 'a.\u00ad.example'],
    ['an A-label that is not Punycode', 'xn--!.bücher.example'],
    ['an A-label that decodes badly', 'xn--zzzzzzz99999.bücher.example'],
    ['an A-label of ASCII', 'xn--abc-.bücher.example'],
    ['a U-label that begins like an A-label', 'xn--bücher.example'],
    ['a hyphen at the end', 'bücher-.example'],
    ['a hyphen at the end, full-width', 'bücher－.example'],
    ['a combining mark at the start', '\u0308bucher.example'],
    ['a hyphen at the start', '-bücher.example'],
    ['two hyphens where A-labels have theirs', 'bü--cher.example'],
    ['a full-width sign', 'a＠b.example'],
    ['a full-width slash', 'a／b.example'],
    ['account of, which becomes a/c', 'a℀b.example'],
    ['a bracket in a circle', 'a⑴b.example'],
    ['a space', 'bü cher.example'],
    ['an ideographic space', 'bü\u3000cher.example'],
    ['an underscore', 'bü_cher.example'],
    ['a control', 'bü\ncher.example'],
    ['a C1 control', 'b\u0085cher.example'],
    ['half a surrogate pair', 'b\ud83dcher.example'],
    ['the other half', 'b\ude00cher.example'],
    ['a replacement character', 'b\ufffdcher.example'],
    ['a joiner out of place', 'a\u200db.example'],
    ['letters of both directions', 'a\u05d0b.example'],
    ['a label too long only as A-label', `${'ü'.repeat(60)}.example`],
    ['a domain too long as UTF-8', `${'ü'.repeat(31)}.`.repeat(4) + 'example'],
    ['a domain too long only as A-labels', Array.from({ length: 40 }, () => 'aü').join('.') + '.example'],
  ])('refuses %s', (_what, domain) => {
    expect(toAsciiDomain(domain)).toBeUndefined();
  });

  it('reads what it wrote as the same', () => {
    for (const domain of ['bücher.example', 'пример.испытание', '例え.テスト', 'faß.example']) {
      const ascii = toAsciiDomain(domain) ?? '';
      expect(toAsciiDomain(ascii)).toBe(ascii);
      expect(toAsciiDomain(`${ascii}.ü`)?.startsWith(`${ascii}.`)).toBe(true);
    }
  });
});

describe('endsInNumber', () => {
  it.each(['1', '1.2.3', '127.1', '192.0.2.1', 'example.7', '0x7f000001', 'a.0x7f', 'a.0x', 'a.0xabcdef', '0123'])(
    '%s does',
    (domain) => {
      expect(endsInNumber(domain)).toBe(true);
    },
  );

  it.each(['a', '1.a', '1a', 'a1', '1.2.3.4a', '1.0xg', '0x1.com', 'abc', '1abc', '0b1', 'max', '0max', 'x', '1.x'])(
    '%s does not',
    (domain) => {
      expect(endsInNumber(domain)).toBe(false);
    },
  );
});
