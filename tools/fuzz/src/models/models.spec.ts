/** The slow models, on what they are for: they say no to the known confusions. */
import { canonicalMailbox, pathOf } from './addresses.js';
import { readChunks, readData } from './mail-data.js';
import { readSession } from './session.js';

it.each([
  ['a\r\n.\r\nb', 6, 'a\r\n', false],
  ['.\r\n', 3, '', false],
  ['..\r\n.\r\n', 7, '.\r\n', false],
  ['a\n.\n', undefined, 'a\n.\n', true],
  ['a\n.\r\n.\r\n', 8, 'a\n.\r\n', true],
  ['a\r\n.\n.\r\n', undefined, 'a\r\n\n.\r\n', true],
])('%j ends at %p', (text, used, body, faulty) => {
  expect(readData(text, false, 0)).toEqual({ used, body, faulty });
});

it.each([
  ['a\n.\r\nb\r\n.\r\n', 'a\r\n.\r\nb\r\n'],
  ['a\r\n.\nb\r\n.\r\n', 'a\r\n.\r\nb\r\n'],
  ['a\n..\nb\r.b\r\n.\r\n', 'a\r\n.\r\nb\r\nb\r\n'],
])('%j is repaired', (text, body) => {
  expect(readData(text, true, 0)).toEqual({ used: text.length, body, faulty: false });
});

it('knows what chunks may be', () => {
  expect(readChunks('a\r', false, false, 0).faulty).toBe(false);
  expect(readChunks('a\r', true, false, 0).faulty).toBe(true);
  expect(readChunks('.\r\n.\r\n', true, false, 0)).toEqual({ body: '.\r\n.\r\n', faulty: false });
});

it('knows addresses', () => {
  expect(canonicalMailbox('"a@b"@EXAMPLE.org')).toBe('"a@b"@example.org');
  expect(canonicalMailbox('"ab"@example.org')).toBe('ab@example.org');
  expect(canonicalMailbox('a@b@example.org')).toBeUndefined();
  expect(canonicalMailbox('a@127.1')).toBeUndefined();
  expect(pathOf('FROM:<@a.example:b@example.org> SIZE=1', 'FROM')).toEqual({
    address: 'b@example.org',
    rest: 'SIZE=1',
  });
  expect(pathOf('TO:<>', 'TO')).toBeUndefined();
});

it('counts replies: a message that ends early is one too many', () => {
  const sent = 'EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\n.\nRSET\r\n.\r\nQUIT\r\n';
  expect(readSession(sent, [220, 250, 250, 250, 354, 250, 221], 512)).toEqual({
    replies: 7,
    messages: ['x\n.\nRSET\r\n'],
  });
  expect(readSession(sent, [220, 250, 250, 250, 354, 250, 250, 500, 221], 512).replies).not.toBe(9);
  expect(readSession('BDAT 6\r\nQUIT\r\nNOOP\r\n', [220, 503, 250], 512).replies).toBe(3);
});
