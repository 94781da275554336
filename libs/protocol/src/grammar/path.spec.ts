import { Reply } from '../reply.js';
import { parseMailFrom, parseRcptTo } from './path.js';

const LABEL_63 = 'd'.repeat(63);

/** A sender or the reply, as short as can be compared. */
function mailFrom(args: string): string {
  const result = parseMailFrom(args);
  if (result instanceof Reply) return result.toString();
  return `${result.path === null ? '<>' : result.path.address}|${result.parameters}`;
}

function rcptTo(args: string): string {
  const result = parseRcptTo(args);
  return result instanceof Reply ? result.toString() : `${result.mailbox.address}|${result.parameters}`;
}

const SAY_FROM = '501 5.5.2 syntax: MAIL FROM:<address>';
const BAD_SENDER = '501 5.1.7 bad sender address syntax';
const LONG_SENDER = '501 5.1.7 sender address too long';
const SAY_TO = '501 5.5.2 syntax: RCPT TO:<address>';
const BAD_RECIPIENT = '501 5.1.3 bad recipient address syntax';
const LONG_RECIPIENT = '501 5.1.3 recipient address too long';
const NO_SPACE = '501 5.5.4 only a space may follow the address';

describe('both paths', () => {
  it.each([
    ['<a@b>', 'a@b|'],
    ['<A@B>', 'A@b|'],
    ['   <a@b>', 'a@b|'],
    ['<a@b> ', 'a@b|'],
    ['<a@b> SIZE=1', 'a@b|SIZE=1'],
    ['<a@b>  X  Y ', 'a@b| X  Y '],
    ['<a@b> <c@d>', 'a@b|<c@d>'],
    ['<"a>b"@c> X', '"a>b"@c|X'],
    ['<"a\\">b"@c> X', '"a\\">b"@c|X'],
    ['<"a\\\\"@c> X', '"a\\\\"@c|X'],
    ['<a@[x:>"]> X', 'a@[x:>"]|X'],
    ['<a@b> X="[', 'a@b|X="['],
    ['<a@[192.0.2.1]>', 'a@[192.0.2.1]|'],
    ['<jörg@bücher.example> SMTPUTF8', 'jörg@xn--bcher-kva.example|SMTPUTF8'],
    // Source routes are read, checked and dropped (RFC 5321 C), so no mail is sent along them (attack A17).
    ['<@a:b@c>', 'b@c|'],
    ['<@a,@b.example:c@d> X', 'c@d|X'],
    ['<@a:"b:c"@d>', '"b:c"@d|'],
    ['<@bücher.example:a@b>', 'a@b|'],
  ])('%s', (path, expected) => {
    expect(mailFrom(`FROM:${path}`)).toBe(expected);
    expect(mailFrom(`from:${path}`)).toBe(expected);
    expect(rcptTo(`TO:${path}`)).toBe(expected);
    expect(rcptTo(`tO:${path}`)).toBe(expected);
  });

  it.each(['', 'a@b', '"a@b"', 'a@b <a@b>', '\t<a@b>', '\0<a@b>', '\u00a0<a@b>', '(x)<a@b>', 'SIZE=1', '['])(
    'says how it is done to %j',
    (path) => {
      expect(mailFrom(`FROM:${path}`)).toBe(SAY_FROM);
      expect(rcptTo(`TO:${path}`)).toBe(SAY_TO);
    },
  );

  it.each([
    '<',
    '<a@b',
    '<a@b SIZE=1',
    '<"a@b>',
    '<"a\\"@b>',
    '<a@[b>',
    '<a>',
    '<@>',
    '<a@>',
    '<@b>',
    '< >',
    '< a@b>',
    '<a@b >',
    '<<a@b>',
    '<<a@b>>',
    '<a@b@c>',
    '<a b@c>',
    '<a\0@b>',
    '<a@b\0>',
    '<a\r\n@b>',
    '<"a\r\n"@b>',
    '<a\ud800@b>',
    '<a@1.2.3.4>',
    '<@a>',
    '<@a:>',
    '<@:b@c>',
    '<@a:@b:c@d>',
    '<@a,b:c@d>',
    '<@a,bc:d@e>',
    '<@bücher.example:a@@b>',
    '<@a,:c@d>',
    '<@a, @b:c@d>',
    '<@a@b:c@d>',
    '<@[192.0.2.1]:c@d>',
    '<@a_b:c@d>',
    '<@a\0:c@d>',
    '<@a,@b@c>',
    '<@a:postmaster>',
    '<"postmaster">',
    '<postmaster@>',
  ])('refuses %j', (path) => {
    expect(mailFrom(`FROM:${path}`)).toBe(BAD_SENDER);
    expect(rcptTo(`TO:${path}`)).toBe(BAD_RECIPIENT);
  });

  it.each(['<a@b>\0', '<a@b>SIZE=1', '<a@b>>', '<a@b>\tX', '<a@b>\r\n', '<a@b>\u00a0X', '<a@b>,<c@d>'])(
    'refuses what is behind the bracket in %j',
    (path) => {
      expect(mailFrom(`FROM:${path}`)).toBe(NO_SPACE);
      expect(rcptTo(`TO:${path}`)).toBe(NO_SPACE);
    },
  );

  it.each([
    `<${'l'.repeat(65)}@b>`,
    `<"${' '.repeat(63)}"@b>`,
    `<a@${LABEL_63}d>`,
    `<a@${LABEL_63}d.b>`,
    `<${'l'.repeat(64)}@${LABEL_63}.${LABEL_63}.${'d'.repeat(62)}>`,
    `<${'l'.repeat(64)}@${'ü.'.repeat(24)}org>`,
    `<@${LABEL_63}.${LABEL_63},@${LABEL_63},@${LABEL_63}:a@b>`,
    `<a@${'ü'.repeat(125)}>`,
    `<${'x'.repeat(1000)}>`,
  ])('says that %s is too long', (path) => {
    expect(mailFrom(`FROM:${path}`)).toBe(LONG_SENDER);
    expect(rcptTo(`TO:${path}`)).toBe(LONG_RECIPIENT);
  });

  it('lets a path have 256 octets', () => {
    const path = `<${'l'.repeat(64)}@${LABEL_63}.${LABEL_63}.${'d'.repeat(61)}>`;
    expect(path).toHaveLength(256);
    expect(mailFrom(`FROM:${path}`)).toBe(`${path.slice(1, -1)}|`);
    expect(rcptTo(`TO:${path}`)).toBe(`${path.slice(1, -1)}|`);
  });

  it('needs SMTPUTF8 for a source route too', () => {
    expect(parseRcptTo('TO:<@bücher.example:a@b>')).toMatchObject({ mailbox: { address: 'a@b', utf8: true } });
    expect(parseRcptTo('TO:<@example.org:a@b>')).toMatchObject({ mailbox: { address: 'a@b', utf8: false } });
  });
});

describe('parseMailFrom', () => {
  it('reads the null reverse-path', () => {
    expect(parseMailFrom('FROM:<>')).toEqual({ path: null, parameters: '' });
    expect(parseMailFrom('From: <> SIZE=5')).toEqual({ path: null, parameters: 'SIZE=5' });
    expect(mailFrom('FROM:<>x')).toBe(NO_SPACE);
  });

  it('wants a domain of postmaster too', () => {
    expect(mailFrom('FROM:<postmaster>')).toBe(BAD_SENDER);
  });

  it.each(['', 'FROM', 'FROM:', 'FROM <a@b>', 'FROM :<a@b>', ' FROM:<a@b>', 'TO:<a@b>', 'FROM\x1a<a@b>', '<a@b>'])(
    'says how it is done to %j',
    (args) => {
      expect(mailFrom(args)).toBe(SAY_FROM);
    },
  );
});

describe('parseRcptTo', () => {
  it('refuses the null path', () => {
    expect(rcptTo('TO:<>')).toBe(BAD_RECIPIENT);
  });

  it.each(['Postmaster', 'postmaster', 'POSTMASTER'])('reads <%s> without a domain (RFC 5321 4.1.1.3)', (local) => {
    expect(parseRcptTo(`TO:<${local}> NOTIFY=NEVER`)).toEqual({
      mailbox: { local, host: undefined, domain: '', address: local, utf8: false },
      parameters: 'NOTIFY=NEVER',
    });
    expect(rcptTo(`TO:<${local}>x`)).toBe(NO_SPACE);
  });

  it('wants a domain of everybody else', () => {
    expect(rcptTo('TO:<postmastex>')).toBe(BAD_RECIPIENT);
    expect(rcptTo('TO:<postmaste\u017f>')).toBe(BAD_RECIPIENT);
    expect(rcptTo('TO:<abuse>')).toBe(BAD_RECIPIENT);
  });

  it.each(['', 'TO', 'TO:', 'TO <a@b>', 'TO :<a@b>', ' TO:<a@b>', 'FROM:<a@b>', 'TO\x1a<a@b>', '<a@b>'])(
    'says how it is done to %j',
    (args) => {
      expect(rcptTo(args)).toBe(SAY_TO);
    },
  );
});
