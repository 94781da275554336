import { parseMailbox } from './mailbox.js';

const LABEL_63 = 'd'.repeat(63);

describe('parseMailbox (RFC 5321 4.1.2)', () => {
  it('takes an address apart', () => {
    expect(parseMailbox('Bob.Smith@Example.ORG')).toEqual({
      local: 'Bob.Smith',
      host: { kind: 'domain', name: 'example.org' },
      domain: 'example.org',
      address: 'Bob.Smith@example.org',
      utf8: false,
    });
  });

  it.each([
    // as given, local part, domain, canonical
    ['a@b', 'a', 'b', 'a@b'],
    ['a.b.c@d.e', 'a.b.c', 'd.e', 'a.b.c@d.e'],
    ["!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~", 'b', "!#$%&'*+-/=?^_`{|}~@b"],
    ['1@b', '1', 'b', '1@b'],
    ['"a"@b', 'a', 'b', 'a@b'],
    ['"a.b"@c', 'a.b', 'c', 'a.b@c'],
    ['"\\a\\b"@c', 'ab', 'c', 'ab@c'],
    ['"\\~"@c', '~', 'c', '~@c'],
    ['"a b"@c', 'a b', 'c', '"a b"@c'],
    ['"a\\ b"@c', 'a b', 'c', '"a b"@c'],
    ['"a..b"@c', 'a..b', 'c', '"a..b"@c'],
    ['".a"@c', '.a', 'c', '".a"@c'],
    ['"a."@c', 'a.', 'c', '"a."@c'],
    ['"\\""@c', '"', 'c', '"\\""@c'],
    ['"\\\\"@c', '\\', 'c', '"\\\\"@c'],
    ['"a\\\\\\"b"@c', 'a\\"b', 'c', '"a\\\\\\"b"@c'],
    ['" "@c', ' ', 'c', '" "@c'],
    ['""@c', '', 'c', '""@c'],
    ['"<>()[]:;,"@c', '<>()[]:;,', 'c', '"<>()[]:;,"@c'],
    ['"/../etc/passwd"@c', '/../etc/passwd', 'c', '"/../etc/passwd"@c'],
    // The name comes from the wire and is a value here, never a key of a plain object (attack A10).
    ['__proto__@b', '__proto__', 'b', '__proto__@b'],
    ['a@[192.0.2.1]', 'a', '[192.0.2.1]', 'a@[192.0.2.1]'],
    ['a@[ipv6:2001:DB8::1]', 'a', '[IPv6:2001:db8::1]', 'a@[IPv6:2001:db8::1]'],
    ['a@[x:y>z"@]', 'a', '[x:y>z"@]', 'a@[x:y>z"@]'],
    [`${'l'.repeat(64)}@b`, 'l'.repeat(64), 'b', `${'l'.repeat(64)}@b`],
    [`a@${LABEL_63}.b`, 'a', `${LABEL_63}.b`, `a@${LABEL_63}.b`],
  ])('%s', (text, local, domain, address) => {
    expect(parseMailbox(text)).toMatchObject({ local, domain, address, utf8: false, host: { name: domain } });
  });

  it.each([
    // as given, local part, canonical (RFC 6531 3.3)
    ['jörg@example.org', 'jörg', 'jörg@example.org'],
    ['"jörg m"@example.org', 'jörg m', '"jörg m"@example.org'],
    ['"jörg"@example.org', 'jörg', 'jörg@example.org'],
    ['用户@例え.テスト', '用户', '用户@xn--r8jz45g.xn--zckzah'],
    ['a@BÜCHER.example', 'a', 'a@xn--bcher-kva.example'],
    ['😀.😀@example.org', '😀.😀', '😀.😀@example.org'],
    [`${'ü'.repeat(32)}@b`, 'ü'.repeat(32), `${'ü'.repeat(32)}@b`],
    [`${'😀'.repeat(16)}@b`, '😀'.repeat(16), `${'😀'.repeat(16)}@b`],
  ])('%s needs SMTPUTF8', (text, local, address) => {
    expect(parseMailbox(text)).toMatchObject({ local, address, utf8: true });
  });

  it('does not need SMTPUTF8 for an A-label', () => {
    expect(parseMailbox('a@xn--bcher-kva.example')).toEqual({
      ...parseMailbox('a@bücher.example'),
      utf8: false,
    });
  });

  it.each(['postmaster', 'Postmaster', 'POSTMASTER'])('%s needs no domain (RFC 5321 4.5.1)', (text) => {
    expect(parseMailbox(text)).toEqual({ local: text, host: undefined, domain: '', address: text, utf8: false });
  });

  it.each([
    '',
    '@',
    'a',
    'a@',
    '@b',
    '<a@b>',
    'a@b>',
    ' a@b',
    'a@b ',
    'a @b',
    'a@ b',
    'a b@c',
    '.a@b',
    'a.@b',
    'a..b@c',
    '.@b',
    'a@.b',
    'a@b.',
    'a@b..c',
    'a@-b',
    'a@b-',
    'a@b_c',
    'a@b@c',
    'a@b%c',
    'a(comment)@b',
    'a@b(comment)',
    'a,b@c',
    'a:b@c',
    'a;b@c',
    'a<b@c',
    'a[b@c',
    'a\\b@c',
    'a\\ b@c',
    'a"b@c',
    'a"b"@c',
    '"a"b@c',
    '"a".b@c',
    'a."b"@c',
    '"a"@',
    '"a"',
    '"a@b',
    '"a"b"@c',
    '"a\\"@b',
    '"',
    '"\\',
    '"a\\\u00e9"@b',
    '@a:b@c',
    'Bob <a@b>',
    'postmaster@',
    '"postmaster"',
    'postmaste\u017f',
    // No control character anywhere, quoted or not (attack A6).
    'a\0@b',
    'a@b\0',
    'a\r\n@b',
    'a@b\r\nRCPT TO:<c@d>',
    '"a\r\nb"@c',
    '"a\nb"@c',
    '"a\\\nb"@c',
    '"a\\\rb"@c',
    '"a\tb"@c',
    '"a\\\tb"@c',
    '"a\0b"@c',
    '"a\\\0b"@c',
    '"a\x7fb"@c',
    '"a\\\x7fb"@c',
    'a\x1b[2J@c',
    'a\u0085b@c',
    '"a\u0085b"@c',
    'a\u009fb@c',
    'a\u2028b@c',
    '"a\u2029b"@c',
    'a\ufffdb@c',
    'a\uffffb@c',
    'a\ud83d@c',
    'a\ude00@c',
    '"a\ud83d"@c',
    '"\ude00a"@c',
    // A number is no domain, but a resolver may take it for an address.
    'a@1',
    'a@1.2.3',
    'a@192.0.2.1',
    'a@127.1',
    'a@0x7f000001',
    'a@0X7F.1',
    'a@１.２.３.４',
    'a@b.１',
    'a@[1.2.3.04]',
    'a@[1.2.3.4',
    'a@[1.2.3.4]b',
    'a@[1.2.3.4].b',
    'a@[IPv6:1.2.3.4]',
    `${'l'.repeat(65)}@b`,
    `"${'l'.repeat(65)}"@b`,
    `"${' '.repeat(63)}"@b`,
    `${'ü'.repeat(32)}l@b`,
    `${'😀'.repeat(16)}l@b`,
    `a@${LABEL_63}d`,
    `a@${`${LABEL_63}.`.repeat(4)}d`,
    // Short enough as it came, too long with A-labels.
    `${'l'.repeat(64)}@${'ü.'.repeat(24)}org`,
  ])('refuses %j', (text) => {
    expect(parseMailbox(text)).toBeUndefined();
  });

  it('lets an address have 254 octets, as it fits into a path then', () => {
    const address = (last: number) => `${'l'.repeat(64)}@${LABEL_63}.${LABEL_63}.${'d'.repeat(last)}`;
    expect(address(61)).toHaveLength(254);
    expect(parseMailbox(address(61))?.address).toBe(address(61));
    expect(parseMailbox(address(62))).toBeUndefined();
  });

  describe('attack A7: never another domain than the one behind the last unquoted @', () => {
    it.each([
      ['"a@b"@c', 'a@b', 'c', '"a@b"@c'],
      ['"victim@evil.example\\""@c', 'victim@evil.example"', 'c', '"victim@evil.example\\""@c'],
      ['"a@b>"@c', 'a@b>', 'c', '"a@b>"@c'],
      ['a%b@c', 'a%b', 'c', 'a%b@c'],
      ['a!b@c', 'a!b', 'c', 'a!b@c'],
      ['"@a:b"@c', '@a:b', 'c', '"@a:b"@c'],
    ])('%s goes to %s at %s', (text, local, domain, address) => {
      expect(parseMailbox(text)).toMatchObject({ local, domain, address });
    });
  });
});
