/** What SASL mechanisms share: base64, GS2 headers, names and passwords (attacks A6, A8, A18). */
import {
  decodeBase64,
  decodeInitialResponse,
  decodeUtf8,
  encodeBase64,
  parseGs2Header,
  prepareName,
  readName,
  readSecret,
  saslPrep,
  unescapeSaslName,
} from '@mailverb/sasl-text';
import { holds, magnitude, same, textOf, type Target } from '../engine/target.js';

export const base64Target: Target = {
  name: 'base64',
  holds: 'exactly what encoding would write is decoded, and whatever is encoded is decoded to the same',
  tokens: ['=', '==', '====', 'AAAA', 'AA==', 'AAA=', 'AB==', 'AAB=', '+/', '-_', '\r\n', ' '],
  maxLength: 400,
  check(input) {
    const text = Buffer.from(input).toString('latin1');
    const decoded = decodeBase64(input);
    same('octets or text', decodeBase64(text)?.toString('hex'), decoded?.toString('hex'));
    const shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) && !text.endsWith('\n');
    const canonical = shape && Buffer.from(text, 'base64').toString('base64') === text;
    same('base64', decoded !== undefined, canonical);
    if (decoded !== undefined) same('back', encodeBase64(decoded), text);
    same('encoded and decoded', decodeBase64(encodeBase64(input))?.toString('hex'), Buffer.from(input).toString('hex'));
    const initial = decodeInitialResponse(text);
    same('initial response', initial !== undefined, text === '=' || (text !== '' && canonical));
    return `${decoded === undefined ? 'no' : magnitude(decoded.length)}${text.length % 4}${text.replaceAll(/[^=]/g, 'x').slice(-4)}`;
  },
  parse(input) {
    decodeBase64(input);
    decodeBase64(encodeBase64(input));
  },
};

export const gs2Target: Target = {
  name: 'gs2',
  holds: 'a GS2 header is what RFC 5801 says, nothing of the message is lost, and its name has no control character',
  tokens: [
    'n,,',
    'y,,',
    'p=tls-exporter,,',
    'n,a=',
    '=2C',
    '=3D',
    '=2c',
    ',',
    'n=ann,r=abc',
    'auth=Bearer x',
    '\xc2\xad',
    '\x01',
  ],
  maxLength: 600,
  check(input) {
    const text = textOf(input);
    const header = parseGs2Header(text);
    const match = /^(n|y|p=([A-Za-z0-9.-]{1,64})),(?:a=((?:[^,=]|=2C|=3D)+))?,/.exec(text);
    const name = match?.[3]?.replaceAll('=2C', ',').replaceAll('=3D', '=');
    const expected = match !== null && (name === undefined || prepareName(name) !== undefined);
    same('GS2 header', header !== undefined, expected);
    const unescaped = unescapeSaslName(text);
    same('saslname', unescaped !== undefined, /^(?:[^,=]|=2C|=3D)*$/.test(text));
    if (unescaped !== undefined) same('escaped again', unescaped.replaceAll('=', '=3D').replaceAll(',', '=2C'), text);
    if (header === undefined) return `no${unescaped !== undefined}${magnitude(text.length)}`;
    same('nothing lost', header.text + header.rest, text);
    same('flag', header.flag, match?.[1]?.[0]);
    same('type of binding', header.bindingType, match?.[2]);
    same('name', header.authzid, name === undefined ? undefined : prepareName(name));
    if (header.authzid !== undefined) soundName(header.authzid);
    return `${header.flag}${header.authzid === undefined}${magnitude(header.rest.length)}`;
  },
  parse: (input) => void parseGs2Header(textOf(input)),
};

export const namesTarget: Target = {
  name: 'names',
  holds:
    'a name is prepared once and for all, short, and has no control character; a secret is never changed into another but by SASLprep',
  tokens: [
    'ann',
    '\xc2\xad',
    '\xe2\x80\x8b',
    '\xc2\xa0',
    '\xef\xbd\x81',
    '\xd7\x90',
    '\xd8\xa7',
    '\xcd\x81',
    '\xe2\x80\xa8',
    '\xf3\xa0\x80\x81',
    '\xce\xa9',
    'e\xcc\x81',
  ],
  maxLength: 700,
  check(input) {
    const decoded = decodeUtf8(input);
    const name = readName(input);
    const secret = readSecret(input);
    same('UTF-8', decoded !== undefined, Buffer.from(input).toString('utf8') === decoded);
    if (decoded === undefined) {
      holds(name === undefined && secret === undefined, 'a name or a secret of octets that are no text');
      return 'no text';
    }
    if (name !== undefined) {
      soundName(name);
      same('prepared once', prepareName(name), name);
    }
    if (secret !== undefined) {
      holds(!secret.includes('\0') && secret.length > 0, 'a secret with a NUL, or of nothing');
      same('secret', secret, saslPrep(decoded) ?? decoded);
    }
    same('a secret', secret !== undefined, input.length > 0 && input.length <= 255 && !input.includes(0));
    return `${name === undefined}${secret === undefined}${name === decoded}${secret === decoded}${magnitude(input.length)}`;
  },
  parse(input) {
    readName(input);
    readSecret(input);
    saslPrep(textOf(input));
  },
};

/** What is counted, compared and logged. */
export function soundName(name: string): void {
  // oxlint-disable-next-line no-control-regex
  holds(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(name), 'a name with a control character', name);
  holds(name.length > 0 && Buffer.byteLength(name) <= 255, 'a name of no length, or too long', name.length);
}
