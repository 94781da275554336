/** The kill loop (npm run test:kill) must find what it looks for. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folder';
import { messageOf } from './kill/message';
import { Verdict } from './kill/verdict';

const RECEIVED = Buffer.from('Received: from a\r\n\tby b; Mon, 1 Jan 2026 00:00:00 +0000\r\n');

function maildir(): { readonly path: string; put(name: string, bytes: Buffer): void } {
  const path = folder();
  mkdirSync(join(path, 'new'));
  return { path, put: (name, bytes) => writeFileSync(join(path, 'new', name), Buffer.concat([RECEIVED, bytes])) };
}

it('whole messages are whole, in any round', () => {
  const { path, put } = maildir();
  const verdict = new Verdict(path);
  for (const id of [0, 1, 2, 3, 4]) {
    put(`${id}`, messageOf(id));
    verdict.read();
  }
  expect([verdict.whole, verdict.broken, verdict.missing([0, 1, 2, 3, 4])]).toEqual([5, [], []]);
});

it('what is not there, or was and is gone, is lost', () => {
  const { path, put } = maildir();
  const verdict = new Verdict(path);
  put('a', messageOf(1));
  put('b', messageOf(2));
  verdict.read();
  rmSync(join(path, 'new/b'));
  expect(verdict.missing([1, 2, 3])).toEqual([2, 3]);
});

it.each([
  ['half', messageOf(3).subarray(0, 1000), /is not what message 3 is/],
  ['without its last octet', messageOf(3).subarray(0, -1), /is not what message 3 is/],
  ['another under that number', Buffer.from(messageOf(4).toString().replace('4', '3')), /is not what message 3 is/],
  ['empty', Buffer.alloc(0), /is no message/],
])('a message that is %s is broken', (_what, bytes, words) => {
  const { path, put } = maildir();
  const verdict = new Verdict(path);
  put('x', bytes);
  verdict.read();
  expect(verdict.broken).toEqual([expect.stringMatching(words)]);
  expect(verdict.missing([3])).toEqual([3]);
});

it('a message that is there twice is broken', () => {
  const { path, put } = maildir();
  const verdict = new Verdict(path);
  put('a', messageOf(1));
  put('b', messageOf(1));
  verdict.read();
  expect(verdict.broken).toEqual(['message 1 is there twice']);
});
