/** ESMTP parameters and xtext, and what each extension makes of the value of its parameter (attacks A6, A8, A10). */
import { Reply, decodeUtf8AddressXtext, decodeXtext, encodeXtext, parseParameters } from '@mailverb/protocol';
import { testEnvelope, testListener, testSession } from '@mailverb/testing';
import { holds, magnitude, same, textOf, type Target } from '../engine/target.js';
import { FORBIDDEN, isPlain } from '../models/addresses.js';
import { EXTENSIONS } from './extensions.js';

const WIDE = '\\u{a0}-\\u{2027}\\u{202a}-\\u{d7ff}\\u{e000}-\\u{fffc}\\u{10000}-\\u{10ffff}';
const PARAMETER = new RegExp(`^[A-Za-z0-9][A-Za-z0-9-]*(?:=[\\x21-\\x3c\\x3e-\\x7e${WIDE}]+)?$`, 'u');

export const parametersTarget: Target = {
  name: 'parameters',
  holds: 'exactly RFC 5321 4.1.2 is taken, each keyword once and in upper case, the values as they were sent',
  tokens: [
    'SIZE=',
    'BODY=8BITMIME',
    'SMTPUTF8',
    ' ',
    '  ',
    '=',
    'NOTIFY=SUCCESS,DELAY',
    'A-B=c',
    '-',
    '__proto__=1',
    'size=1 SIZE=2',
  ],
  maxLength: 600,
  check(input) {
    const text = textOf(input);
    const expected = expectedParameters(text);
    const read = parseParameters(text);
    if (read instanceof Reply) {
      holds(read.code === 501, 'refused otherwise than by 501', read.code);
      holds(expected === undefined, 'refused parameters that are right', text);
      return read.text;
    }
    same(
      'parameters',
      read.map(({ keyword, value }) => [keyword, value]),
      expected,
    );
    const written = read.map(({ keyword, value }) => (value === undefined ? keyword : `${keyword}=${value}`)).join(' ');
    same('read again', parseParameters(written), read);
    return `${read.length} ${read.map(({ value }) => (value === undefined ? '-' : magnitude(value.length))).join()}`;
  },
  parse: (input) => void parseParameters(textOf(input)),
};

function expectedParameters(text: string): readonly (readonly [string, string | undefined])[] | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  if (words.length > 32 || !words.every((word) => PARAMETER.test(word))) return undefined;
  const parameters = words.map((word): readonly [string, string | undefined] => {
    const [keyword = ''] = word.split('=', 1);
    return [keyword.toUpperCase(), word.includes('=') ? word.slice(keyword.length + 1) : undefined];
  });
  return new Set(parameters.map(([keyword]) => keyword)).size === parameters.length ? parameters : undefined;
}

export const xtextTarget: Target = {
  name: 'xtext',
  holds: 'xtext decodes to printable ASCII only, encoding is its inverse, and no control gets through either form',
  tokens: [
    '+2B',
    '+3D',
    '+0D+0A',
    '+00',
    '+7F',
    '+2b',
    '+',
    '\\x{E9}',
    '\\x{2B}',
    '\\x{D800}',
    '\\x{10FFFF}',
    '\\x{0A}',
    '\\x{',
    '}',
  ],
  maxLength: 300,
  check(input) {
    const text = textOf(input);
    const decoded = decodeXtext(text);
    // RFC 3461 4: xchar or hexchar, of printable characters.
    const expected = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[2-6][0-9A-F]|\+7[0-9A-E])*$/.test(text);
    same('xtext', decoded !== undefined, expected);
    if (decoded !== undefined) {
      same(
        'decoded',
        decoded,
        text.replaceAll(/\+(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      );
      holds(/^[\x20-\x7e]*$/.test(decoded), 'decodes to more than printable ASCII', decoded);
    }
    const encoded = encodeXtext(text);
    holds(/^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/.test(encoded), 'encodes to something else', encoded);
    same('back', decodeXtext(encoded), /^[\x20-\x7e]*$/.test(text) ? text : undefined);
    const wide = decodeUtf8AddressXtext(text);
    if (wide !== undefined) holds(!FORBIDDEN.test(wide), 'decodes to a character that no address may have', wide);
    return `${decoded === undefined}${magnitude(text.length)}${wide === undefined}${isPlain(text)}${encoded === text}${text.includes('\\x{')}`;
  },
  parse(input) {
    const text = textOf(input);
    decodeXtext(text);
    decodeUtf8AddressXtext(text);
    encodeXtext(text);
  },
};

const SESSIONS = [
  testSession({ phase: 'greeted', listener: testListener({ maxMessageSize: 1000 }) }),
  testSession({ phase: 'mail', envelope: testEnvelope() }),
  testSession({ phase: 'mail', envelope: testEnvelope({ parameters: { SMTPUTF8: true } }) }),
];

export const valuesTarget: Target = {
  name: 'values',
  holds:
    'every extension takes a value of its parameter or refuses it with 5xx, and what it takes has no control character',
  tokens: [
    'FULL',
    'HDRS',
    'NEVER',
    'SUCCESS',
    ',',
    'DELAY',
    'rfc822;',
    'utf-8;',
    '8BITMIME',
    'BINARYMIME',
    '+2B',
    '\\x{E9}',
    '<>',
  ],
  maxLength: 600,
  check(input) {
    const text = textOf(input);
    const value = text === '' ? undefined : text;
    let signature = '';
    for (const { parameters = [] } of EXTENSIONS) {
      for (const { keyword, parse } of parameters) {
        for (const session of SESSIONS) {
          const read: unknown = parse(value, session);
          if (read instanceof Reply) {
            holds(read.code >= 400, 'refused by a reply that agrees', keyword, read.code);
            signature += read.code;
          } else {
            holds(read !== undefined, 'neither taken nor refused', keyword);
            soundValue(keyword, read);
            signature += `${keyword}${magnitude(String(read).length)}`;
          }
        }
      }
    }
    return signature;
  },
  parse(input) {
    const text = textOf(input);
    for (const { parameters = [] } of EXTENSIONS)
      for (const one of parameters) for (const session of SESSIONS) one.parse(text, session);
  },
};

function soundValue(keyword: string, value: unknown): void {
  if (typeof value === 'string') holds(!FORBIDDEN.test(value), `a character that ${keyword} may not have`, value);
  else if (typeof value === 'number')
    holds(Number.isInteger(value) && value >= 0, `a number that is none in ${keyword}`, value);
  else if (typeof value === 'object' && value !== null && !(value instanceof Set)) {
    for (const inner of Object.values(value)) soundValue(keyword, inner);
  }
}
