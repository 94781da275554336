/** DATA: asks about the envelope, and then for the mail data. */
import { contributionsOf, describeVerb, testEnvelope, testRecipient, testSession } from '@mailverb/testing';
import { DataVerb } from './data.verb.js';
import dataPlugin from './plugin.js';

const verb = new DataVerb();
const envelope = testEnvelope({ recipients: [testRecipient('a@example.org')] });
const session = testSession({ phase: 'rcpt', envelope });

describeVerb('data', () => new DataVerb(), { refuses: ['x', 'LAST', '\0', '\ufeff', '\u00a0'] });

describe('DATA', () => {
  it('asks for mail data up to the dot, without an enhanced status code', () => {
    const { reply, effect } = verb.perform({}, session);
    expect(reply.wire(true)).toBe('354 End data with <CR><LF>.<CR><LF>\r\n');
    expect(effect).toEqual({ type: 'receive-dot' });
  });

  it('asks the policies of stage data', () => {
    expect(verb.question({}, session)).toEqual({ stage: 'data', input: { session, envelope } });
  });

  it('takes no arguments', () => {
    expect(String(verb.parse('now', session))).toBe('501 5.5.4 Syntax: DATA');
  });

  it('does not take a BINARYMIME message (RFC 3030 3), and takes any other', () => {
    const binary = testSession({ envelope: testEnvelope({ parameters: { BODY: 'BINARYMIME' } }) });
    expect(String(verb.parse('', binary))).toBe('503 5.5.1 BODY=BINARYMIME needs BDAT');
    const eight = testSession({ envelope: testEnvelope({ parameters: { BODY: '8BITMIME' } }) });
    expect(verb.parse('', eight)).toEqual({});
  });

  it('asks for nothing where there is no envelope', () => {
    const lost = testSession({ phase: 'rcpt', envelope: undefined });
    expect(verb.question({}, lost)).toBeUndefined();
    expect(String(verb.perform({}, lost).reply)).toContain('503 5.5.1');
    expect(verb.perform({}, lost).effect).toBeUndefined();
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(dataPlugin.name).toBe('verb-data');
  expect(contributionsOf(dataPlugin)).toEqual([{ kind: 'verb', name: undefined, value: DataVerb }]);
});
