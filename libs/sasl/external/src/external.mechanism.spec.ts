/** EXTERNAL: which certificates, and as whom. */
import type { ClientCertificate } from '@mailverb/contract';
import {
  TestAuthenticator,
  contributionsOf,
  describeMechanism,
  saslSession,
  testClientCertificate,
  testTls,
  testUser,
} from '@mailverb/testing';
import { ExternalMechanism } from './external.mechanism.js';
import externalPlugin from './plugin.js';

const ann = testUser('ann');

describeMechanism('EXTERNAL', (authenticator) => new ExternalMechanism(authenticator), {
  asks: 'certificate',
  claim: ({ certificate }) => certificate.subject,
  client: (_who, authzid) => () => Buffer.from(authzid ?? ''),
});

describe('EXTERNAL', () => {
  const mechanism = new ExternalMechanism(new TestAuthenticator({ users: [ann] }));

  it('is offered to clients with a verified certificate, and to no others', () => {
    expect(mechanism.offered(saslSession(ann))).toBe(true);
    expect(mechanism.offered(saslSession(ann, { tls: testTls() }))).toBe(false);
    expect(mechanism.offered(saslSession(ann, { tls: undefined }))).toBe(false);
  });

  it('fails without one, also if somebody performs it all the same', async () => {
    for (const tls of [undefined, testTls()]) {
      const exchange = mechanism.begin(saslSession(ann, { tls }));
      for (const response of [undefined, Buffer.from('ann')]) {
        expect(await exchange.step(response)).toMatchObject({ type: 'failure', kind: 'malformed' });
      }
    }
  });

  it('asks for the authorization identity with an empty challenge', async () => {
    const exchange = mechanism.begin(saslSession(ann));
    expect(await exchange.step(undefined)).toEqual({ type: 'challenge', data: new Uint8Array(0) });
  });

  it.each(['a\0b', 'a\r\nb', '\u202eann', '\u00ad', 'a'.repeat(256)])('takes no name like %j', async (authzid) => {
    const step = await mechanism.begin(saslSession(ann)).step(Buffer.from(authzid));
    expect(step).toMatchObject({ type: 'failure', kind: 'malformed' });
  });

  it('claims the certificate, not as whom it is to act', async () => {
    const step = await mechanism.begin(saslSession(ann)).step(Buffer.from('boss'));
    expect(step).toMatchObject({ type: 'claim', name: 'CN=ann,O=Test' });
  });

  it.each<[string, Partial<ClientCertificate>]>([
    ['empty', { subject: '' }],
    ['a danger to a line', { subject: 'CN=a\nb' }],
    ['too long', { subject: `CN=${'a'.repeat(300)}` }],
  ])('claims its fingerprint where the subject is %s', async (_what, overrides) => {
    const certificate = testClientCertificate({ ...overrides, fingerprint: 'AB:CD' });
    const step = await mechanism.begin(saslSession({ certificate })).step(Buffer.alloc(0));
    expect(step).toMatchObject({ type: 'claim', name: 'certificate AB:CD' });
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(externalPlugin.name).toBe('sasl-external');
  expect(contributionsOf(externalPlugin)).toEqual([{ kind: 'mechanism', name: undefined, value: ExternalMechanism }]);
});
