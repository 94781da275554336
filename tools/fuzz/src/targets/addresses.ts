/** Addresses: mailboxes, hosts and the paths of MAIL and RCPT (attacks A6, A7, A8). */
import {
  Reply,
  parseHost,
  parseMailFrom,
  parseMailbox,
  parseRcptTo,
  toAsciiDomain,
  type Mailbox,
} from '@mailverb/protocol';
import { holds, magnitude, same, textOf, type Target } from '../engine/target.js';
import { FORBIDDEN, canonicalMailbox, isDomain, isLiteral, isNumeric, isPlain, pathOf } from '../models/addresses.js';

const TOKENS = [
  'user@example.org',
  '"a b"@example.org',
  '"\\""@',
  '[192.0.2.1]',
  '[IPv6:2001:db8::1]',
  '[IPv6:::ffff:192.0.2.1]',
  '[tag:content]',
  'postmaster',
  'xn--nxasmq6b',
  '@a.example,@b.example:',
  'example.org',
  '0x7f',
  '127.1',
  '-',
  '_',
  'a'.repeat(63),
  '\xc3\xbc',
  '\xef\xbc\x8e',
  '\xef\xbc\x91',
  '\xe2\x80\x8d',
  '\xd7\x90',
];

export const mailboxTarget: Target = {
  name: 'mailbox',
  holds:
    'for ASCII exactly the addresses of RFC 5321 are taken; what is taken is written so that it is read as the same again',
  tokens: TOKENS,
  maxLength: 400,
  check(input) {
    const text = textOf(input);
    const mailbox = parseMailbox(text);
    if (isPlain(text)) same('mailbox', mailbox?.address, canonicalMailbox(text));
    if (mailbox === undefined) return `refused${shapeOf(text)}`;
    soundMailbox(mailbox, text);
    return `${mailbox.host?.kind}${mailbox.utf8}${magnitude(mailbox.local.length)}${mailbox.address.startsWith('"')}${shapeOf(text)}`;
  },
  parse: (input) => void parseMailbox(textOf(input)),
};

export const hostTarget: Target = {
  name: 'host',
  holds: 'for ASCII exactly the domains and literals of RFC 5321 are taken; what is taken is its own canonical form',
  tokens: TOKENS,
  maxLength: 400,
  check(input) {
    const text = textOf(input);
    let signature = '';
    for (const underscores of [false, true]) {
      const host = parseHost(text, { underscores });
      if (isPlain(text)) same('host', host !== undefined, isDomain(text, underscores) || isLiteral(text));
      signature += host?.kind ?? 'no';
      if (host === undefined) continue;
      same('canonical host', parseHost(host.name, { underscores }), host);
      holds(isDomain(host.name, underscores) || isLiteral(host.name), 'a host that is none', host.name);
      if (host.kind === 'domain') holds(host.name === host.name.toLowerCase(), 'a domain in upper case', host.name);
      if (host.kind === 'domain' && !underscores) same('domain', toAsciiDomain(text), host.name);
    }
    return signature + shapeOf(text);
  },
  parse(input) {
    const text = textOf(input);
    parseHost(text, { underscores: true });
    parseHost(`[IPv6:${text}]`);
    parseHost(`[${text}]`);
    toAsciiDomain(text);
  },
};

export const pathTarget: Target = {
  name: 'path',
  holds:
    'for ASCII exactly the paths of RFC 5321 are taken, source routes dropped, and nothing of an address ends up in the parameters',
  tokens: [...TOKENS, 'FROM:<', 'TO:<', 'from: <', '<>', '> SIZE=1', '> ', '>', ':<'],
  maxLength: 400,
  check(input) {
    const text = textOf(input);
    return `${checkPath(text, 'FROM')};${checkPath(text, 'TO')}${shapeOf(text)}`;
  },
  parse(input) {
    const text = textOf(input);
    for (const args of [text, `FROM:<${text}`, `FROM:<${text}>`, `FROM:<"${text}"@example.org>`, `FROM:${text}`]) {
      parseMailFrom(args);
      parseRcptTo(args.replace('FROM', 'TO'));
    }
  },
};

/** The text is tried as it is, and as what stands in the brackets. */
function checkPath(text: string, keyword: 'FROM' | 'TO'): string {
  let signature = '';
  for (const args of [text, `${keyword}:<${text}>`]) {
    const read = keyword === 'FROM' ? fromOf(args) : toOf(args);
    if (isPlain(args)) {
      const expected = pathOf(args, keyword);
      same(`${keyword} path`, read instanceof Reply ? undefined : (read.mailbox?.address ?? null), expected?.address);
      if (!(read instanceof Reply)) same(`${keyword} parameters`, read.rest, expected?.rest);
    }
    if (read instanceof Reply) {
      holds(read.code === 501, 'refused otherwise than by 501', read.code);
      signature += read.enhanced;
    } else {
      if (read.mailbox !== null) soundMailbox(read.mailbox, args);
      signature += `${read.mailbox?.host?.kind}${read.mailbox?.utf8}${read.rest === ''}`;
    }
  }
  return signature;
}

interface ReadPath {
  readonly mailbox: Mailbox | null;
  readonly rest: string;
}

function fromOf(args: string): ReadPath | Reply {
  const read = parseMailFrom(args);
  return read instanceof Reply ? read : { mailbox: read.path, rest: read.parameters };
}

function toOf(args: string): ReadPath | Reply {
  const read = parseRcptTo(args);
  return read instanceof Reply ? read : { mailbox: read.mailbox, rest: read.parameters };
}

function soundMailbox(mailbox: Mailbox, text: string): void {
  const { address, local, domain, host, utf8 } = mailbox;
  holds(!FORBIDDEN.test(address) && !FORBIDDEN.test(local), 'a character that no address may have', address);
  holds(isPlain(domain), 'a domain that is no ASCII', domain);
  same('domain', domain, host?.name ?? '');
  holds(host !== undefined || /^postmaster$/i.test(address), 'no host', address);
  if (host !== undefined) {
    holds(
      host.kind === 'domain' ? isDomain(domain) && !isNumeric(domain) : isLiteral(domain),
      'a host that is none',
      domain,
    );
    holds(address.endsWith(`@${domain}`), 'an address of another domain', address, domain);
  }
  holds(Buffer.byteLength(address) <= 254, 'an address too long', address);
  if (isPlain(text)) holds(!utf8, 'UTF-8 in ASCII', address);
  else if (!isPlain(address)) holds(utf8, 'UTF-8 unnoticed', address);
  const again = parseMailbox(address);
  // The domain as given may have needed SMTPUTF8; the A-labels do not any more.
  same('read again', { ...again, utf8: isPlain(address) ? utf8 : again?.utf8 }, mailbox);
}

/** What kinds of characters follow each other, a few of them. */
function shapeOf(text: string): string {
  return text
    .replaceAll(/[A-Za-z]+/g, 'a')
    .replaceAll(/[0-9]+/g, '0')
    .replaceAll(/[^\0-\x7f]+/g, 'u')
    .replaceAll(/(.)\1+/g, '$1')
    .slice(0, 6);
}
