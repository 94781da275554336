import type { Envelope } from '@mailverb/contract';
import { contributionsOf, describeTransform, testEnvelope, testMailbox, testSession } from '@mailverb/testing';
import { returnPathPlugin } from './plugin.js';
import { ReturnPathTransform } from './return-path.transform.js';

function line(sender: string | null, parameters: Envelope['parameters'] = {}): string | undefined {
  const reversePath = sender === null ? null : testMailbox(sender);
  const envelope = testEnvelope({ reversePath, parameters });
  const bytes = new ReturnPathTransform().prepend({ session: testSession({ envelope }), envelope });
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

describeTransform('return-path', () => new ReturnPathTransform(), { fields: ['Return-Path'] });

describe('return-path', () => {
  it.each([
    ['ann@example.org', '<ann@example.org>'],
    ['Ann@Example.ORG', '<Ann@example.org>'],
    [null, '<>'],
    ['"a b"@example.org', '<"a b"@example.org>'],
    ['"a>\\"b"@example.org', '<"a>\\"b"@example.org>'],
    ['ann@[IPv6:2001:DB8::1]', '<ann@[IPv6:2001:db8::1]>'],
  ])('%s: %s', (sender, expected) => {
    expect(line(sender)).toBe(`Return-Path: ${expected}\r\n`);
  });

  it('has UTF-8 where the message said SMTPUTF8', () => {
    expect(line('jörg@bücher.example', { SMTPUTF8: true })).toBe('Return-Path: <jörg@xn--bcher-kva.example>\r\n');
  });

  it('and nothing where it did not: a header without it is ASCII', () => {
    expect(line('jörg@example.org')).toBeUndefined();
  });
});

describe('returnPathPlugin', () => {
  it('contributes the transform', () => {
    const expected = { kind: 'transform', name: 'return-path', value: ReturnPathTransform };
    expect(contributionsOf(returnPathPlugin)).toEqual([expected]);
  });
});
