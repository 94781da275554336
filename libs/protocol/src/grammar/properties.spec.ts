/**
 * What must hold for every text: nothing throws, nothing with a control character comes out (attack A6), and what comes out
 * can be read again and means the same (attack A7).
 */
import fc from 'fast-check';
import { Reply } from '../reply.js';
import {
  type Mailbox,
  decodeUtf8AddressXtext,
  decodeXtext,
  encodeXtext,
  isAscii,
  parseHost,
  parseMailFrom,
  parseMailbox,
  parseParameters,
  parseRcptTo,
  toAsciiDomain,
} from './index.js';

// Not a measurement: only so that a machine that is busy with something else does not fail the test.
jest.setTimeout(60_000);

/** Anything that a string can hold, halves of surrogate pairs included. */
const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.array(fc.integer({ min: 0, max: 0xff })).map((units) => String.fromCharCode(...units)),
);

/** Texts made of what the grammars are made of, so that many come close to an address and some are one. */
const PIECES = [
  'a B 7 xn-- ü 例 😀 @ @ . . - _ " " \\ [ ] < > : , + = % ! { } \\x{ F6 IPv6: ::1 192.0.2.1 postmaster b.example'.split(
    ' ',
  ),
  ['\0', '\r', '\n', '\t', ' ', '\x7f', '\u0085', '\u2028', '\ufffd', '\ud83d', '\ude00', '．', '１', '＠', '\u00ad'],
].flat();
const nearly = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(''));

const text = fc.oneof(anything, nearly);

// Written apart from the parsers, as ranges: C0, DEL, C1, line and paragraph separator, half surrogates, U+FFFD and above.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd-\uffff]/u;

function isClean(value: string): boolean {
  return !FORBIDDEN.test(value);
}

function expectClean(mailbox: Mailbox): void {
  const { local, domain, address, host } = mailbox;
  expect([local, domain, address, ...Object.values(host ?? {})].filter((value) => !isClean(value))).toEqual([]);
  expect(isAscii(domain)).toBe(true);
  expect(host?.name ?? '').toBe(domain);
  if (host !== undefined) expect(address.endsWith(`@${domain}`)).toBe(true);
  expect(new TextEncoder().encode(address).length).toBeLessThanOrEqual(254);
  expect(parseMailbox(address)).toEqual({ ...mailbox, utf8: !isAscii(local) });
}

const ATOM = fc.string({
  unit: fc.constantFrom(...`abcXYZ019!#$%&'*+-/=?^_{|}~\`ü例😀`),
  minLength: 1,
  maxLength: 6,
});
const LOCAL = fc.oneof(
  fc.array(ATOM, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join('.')),
  fc.string({ unit: fc.constantFrom(...' "\\@.<>()[]:;,ab9ü😀'), maxLength: 12 }),
);
const LABEL = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-'), minLength: 1, maxLength: 10 })
  .map((label) => `a${label}z`);
const DOMAIN = fc.oneof(
  fc.array(LABEL, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
  fc.constantFrom('bücher.example', '例え.テスト', '[IPv6:2001:DB8::1]', '[x:"y>]'),
  fc.ipV4().map((address) => `[${address}]`),
);

/** A quoted-string with a backslash wherever one may be, which is not how we would write it. */
function quote(local: string): string {
  return `"${[...local].map((character) => (isAscii(character) ? `\\${character}` : character)).join('')}"`;
}

describe('addresses', () => {
  it('are read as they were meant, however they are quoted, and written in one way', () => {
    fc.assert(
      fc.property(LOCAL, DOMAIN, (local, domain) => {
        const mailbox = parseMailbox(`${quote(local)}@${domain}`);
        fc.pre(mailbox !== undefined);
        expect(mailbox?.local).toBe(local);
        expect(mailbox?.host).toEqual(parseHost(domain));
        expect(mailbox?.utf8).toBe(!isAscii(local + domain));
        if (mailbox !== undefined) expectClean(mailbox);
      }),
      { numRuns: 2000 },
    );
  });

  it('mean the same in MAIL, in RCPT, behind a source route and alone', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearly,
          fc.tuple(LOCAL, DOMAIN).map(([l, d]) => `${quote(l)}@${d}`),
        ),
        (address) => {
          fc.pre(!address.includes('@,') && !address.startsWith('@') && address.toLowerCase() !== 'postmaster');
          const mailbox = parseMailbox(address);
          const sender = parseMailFrom(`FROM:<${address}> X=1`);
          const recipient = parseRcptTo(`TO:<${address}> X=1`);
          const routed = parseRcptTo(`TO:<@a,@b:${address}> X=1`);
          fc.pre(address !== '');
          if (mailbox === undefined) {
            // An address that ends early may leave something that is right: <a@b>c is judged by its own tests.
            if (!address.includes('>')) expect([sender, recipient, routed].every((r) => r instanceof Reply)).toBe(true);
          } else {
            expect(sender).toEqual({ path: mailbox, parameters: 'X=1' });
            expect(recipient).toEqual({ mailbox, parameters: 'X=1' });
            expect(routed).toEqual({ mailbox, parameters: 'X=1' });
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('are what the grammar of RFC 5321 says, written down a second time', () => {
    const atom = "[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~]+";
    const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
    const grammar = new RegExp(
      `^(?:${atom}(?:\\.${atom})*|"(?:[ !#-\\[\\]-~]|\\\\[ -~])*")@` +
        `(?:(?:${label}\\.)*(?![0-9]+$|0x[0-9a-fA-F]*$)${label}|\\[(?:127\\.0\\.0\\.1|IPv6:::1|[a-zA-Z0-9-]*[a-zA-Z0-9]:(?<!\\[IPv6:)[!-Z^-~]+)\\])$`,
    );
    const pieces = 'a Z 0 x f - . @ " \\ [ ] : ! _ < \0 \n a@ @b @[ "@ 127.0.0.1 IPv6: ::1 0x'.split(' ');
    const ascii = fc.array(fc.constantFrom(' ', ...pieces), { maxLength: 9 }).map((chosen) => chosen.join(''));
    fc.assert(
      fc.property(ascii, (address) => {
        expect(parseMailbox(address) !== undefined).toBe(grammar.test(address));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('any text at all', () => {
  it('is read by nothing that throws, and nothing unclean comes out', () => {
    fc.assert(
      fc.property(text, (value) => {
        const mailbox = parseMailbox(value);
        if (mailbox !== undefined) expectClean(mailbox);

        const sender = parseMailFrom(`FROM:${value}`);
        if (!(sender instanceof Reply) && sender.path !== null) expectClean(sender.path);

        const recipient = parseRcptTo(`TO:<${value}>`);
        if (!(recipient instanceof Reply)) expectClean(recipient.mailbox);

        parseMailFrom(value);
        parseRcptTo(value);

        for (const underscores of [false, true]) {
          const host = parseHost(value, { underscores });
          if (host !== undefined) {
            expect(Object.values(host).every((part) => isClean(part) && isAscii(part))).toBe(true);
            expect(parseHost(host.name, { underscores })).toEqual(host);
          }
        }

        const parameters = parseParameters(value);
        if (!(parameters instanceof Reply)) {
          expect(parameters.every((p) => isClean(p.keyword + (p.value ?? '')) && !/[= ]/.test(p.value ?? ''))).toBe(
            true,
          );
        }

        const domain = toAsciiDomain(value);
        if (domain !== undefined) {
          expect(domain).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/);
          expect(toAsciiDomain(domain)).toBe(domain);
        }

        expect(isClean(decodeXtext(value) ?? '')).toBe(true);
        expect(isClean(decodeUtf8AddressXtext(value) ?? '')).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('becomes xtext that may stand in a parameter', () => {
    fc.assert(
      fc.property(text, (value) => {
        const encoded = encodeXtext(value);
        if (value !== '') expect(parseParameters(`X=${encoded}`)).toEqual([{ keyword: 'X', value: encoded }]);
        expect(isAscii(encoded)).toBe(true);
      }),
    );
  });

  it('comes back from xtext if it is printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (value) => {
        expect(decodeXtext(encodeXtext(value))).toBe(value);
      }),
    );
  });

  it('comes back from the 7-bit form of a UTF-8 address', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab@.+=\\ ü例😀'), minLength: 1 }), (value) => {
        const encoded = [...value]
          .map((character) =>
            /[a-z@.]/.test(character) ? character : `\\x{${character.codePointAt(0)?.toString(16).toUpperCase()}}`,
          )
          .join('');
        expect(decodeUtf8AddressXtext(encoded)).toBe(value);
      }),
    );
  });
});
