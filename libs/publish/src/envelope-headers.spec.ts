import fc from 'fast-check';
import { testEnvelope, testMailbox, testRecipient, testSession, testTls } from '@mailverb/testing';
import { envelopeHeaders, type EnvelopeForm } from './envelope-headers.js';

const session = testSession({
  identity: { name: 'ann', mechanism: 'PLAIN' },
  tls: testTls(),
});
const full = testEnvelope({
  id: 'id-7',
  reversePath: testMailbox('me@example.net'),
  parameters: { BODY: '8BITMIME', SMTPUTF8: true, RET: 'HDRS', ENVID: 'env-1' },
});
const recipients = [
  testRecipient('j\u00f6rg@example.org', {
    NOTIFY: new Set(['success', 'failure'] as const),
    ORCPT: { type: 'rfc822', address: 'joe@example.com' },
  }),
  testRecipient('"a b"@example.org', { NOTIFY: 'never' }),
];
const about = { envelope: full, session, recipients, size: 42, part: 1, parts: 2 };

it('says all of it as JSON in ASCII', () => {
  const headers = envelopeHeaders(about, 'json');
  expect([...headers.keys()]).toEqual(['Mailverb-Version', 'Mailverb-Id', 'Mailverb-Envelope']);
  const json = String(headers.get('Mailverb-Envelope'));
  expect(json).toMatch(/^[ -~]*$/);
  expect(json).toContain('j\\u00f6rg@example.org');
  expect(JSON.parse(json)).toEqual({
    version: 1,
    id: 'id-7',
    part: 1,
    parts: 2,
    from: 'me@example.net',
    to: [
      {
        address: 'j\u00f6rg@example.org',
        notify: ['success', 'failure'],
        orcpt: { type: 'rfc822', address: 'joe@example.com' },
      },
      { address: '"a b"@example.org', notify: ['never'] },
    ],
    size: 42,
    body: '8BITMIME',
    smtputf8: true,
    ret: 'HDRS',
    envid: 'env-1',
    client: { address: '192.0.2.1', helo: 'client.test.example', identity: 'ann', tls: 'TLSv1.3' },
    listener: 'test',
    server: 'mx.test.example',
  });
});

it('says it as a header for each fact', () => {
  expect(Object.fromEntries(envelopeHeaders(about, 'headers'))).toEqual({
    'Mailverb-Version': '1',
    'Mailverb-Id': 'id-7',
    'Mailverb-Part': '1/2',
    'Mailverb-From': 'me@example.net',
    'Mailverb-To': ['j\u00f6rg@example.org', '"a b"@example.org'],
    'Mailverb-Size': '42',
    'Mailverb-Body': '8BITMIME',
    'Mailverb-Smtputf8': 'true',
    'Mailverb-Ret': 'HDRS',
    'Mailverb-Envid': 'env-1',
    'Mailverb-Client': '192.0.2.1',
    'Mailverb-Helo': 'client.test.example',
    'Mailverb-Identity': 'ann',
    'Mailverb-Tls': 'TLSv1.3',
    'Mailverb-Listener': 'test',
    'Mailverb-Server': 'mx.test.example',
  });
});

it('tells the null reverse-path from every address', () => {
  const envelope = testEnvelope({ reversePath: null });
  const bounce = { ...about, envelope };
  expect(envelopeHeaders(bounce, 'headers').get('Mailverb-From')).toBe('');
  expect(JSON.parse(String(envelopeHeaders(bounce, 'json').get('Mailverb-Envelope')))).toHaveProperty('from', null);
});

it('has no control character, and nothing without bound, in any value (attack A6)', () => {
  const text = fc.string({ unit: 'binary', maxLength: 2000 });
  fc.assert(
    fc.property(text, text, text, fc.constantFrom<EnvelopeForm>('json', 'headers'), (helo, name, envid, form) => {
      const hostile = {
        ...about,
        session: testSession({ heloName: helo, identity: { name, mechanism: 'PLAIN' }, remoteAddress: helo }),
        envelope: testEnvelope({ parameters: { ENVID: envid } }),
        recipients: [testRecipient('a@example.org', { ORCPT: { type: name, address: envid } })],
      };
      for (const value of [...envelopeHeaders(hostile, form).values()].flat()) {
        // oxlint-disable-next-line no-control-regex
        expect(value).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]/u);
        expect(value.length).toBeLessThan(15_000);
      }
    }),
  );
});
