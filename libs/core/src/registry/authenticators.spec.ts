/** Mechanisms and authenticators of a listener: who is offered what, and who is believed (attacks A18, A26). */
import type { Authenticator, SaslMechanism, Session, TlsFacts } from '@mailverb/contract';
import { freshSession, INFO, ENDPOINT } from '../fixtures/scene.fixture.js';
import { SessionState } from '../session/session-state.js';
import { allAuthenticators } from './authenticators.js';
import { MechanismRegistry } from './mechanism-registry.js';

const session = freshSession();

const mechanism = (name: string, more: Partial<SaslMechanism> = {}): SaslMechanism => ({
  name,
  begin: () => ({ step: () => ({ type: 'failure', kind: 'credentials', reason: 'spec' }) }),
  ...more,
});
const TLS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'x',
  serverName: undefined,
  clientCertificate: undefined,
  channelBinding: () => undefined,
};

function from(remoteAddress: string, localAddress = '192.0.2.25'): SessionState {
  const info = { ...INFO, tls: 'starttls' } as const;
  return new SessionState('s', info, { ...ENDPOINT, remoteAddress, localAddress }, 0);
}

function encrypted(): SessionState {
  const made = from('192.0.2.1');
  made.secure(TLS);
  return made;
}

describe('MechanismRegistry', () => {
  const registry = (withoutTls: 'never' | 'loopback') => {
    const made = new MechanismRegistry(withoutTls);
    for (const name of ['ONE', 'TWO']) expect(made.add(mechanism(name), 'owner')).toBeUndefined();
    return made;
  };
  const names = (made: MechanismRegistry, one: Session) => made.offered(one).map(({ name }) => name);

  it('offers nothing in clear, and says that TLS would help', () => {
    const made = registry('never');
    for (const address of ['192.0.2.1', '127.0.0.1', '::1', '']) {
      expect([names(made, from(address, address)), made.wantsTls(from(address, address))]).toEqual([[], true]);
    }
    expect([names(made, encrypted()), made.wantsTls(encrypted())]).toEqual([['ONE', 'TWO'], false]);
  });

  it('offers in clear what does not leave the machine, where that is allowed', () => {
    const made = registry('loopback');
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '']) {
      expect(names(made, from(address, address))).toEqual(['ONE', 'TWO']);
    }
    expect(names(made, from('192.0.2.1'))).toEqual([]);
    // Somebody presents a client that says it is at home.
    expect(names(made, from('127.0.0.1', '192.0.2.25'))).toEqual([]);
  });

  it('offers nothing to who is authenticated, and nothing that can not be used', () => {
    const made = registry('never');
    made.add(mechanism('PLUS', { offered: ({ tls }) => tls?.channelBinding('tls-exporter') !== undefined }), 'owner');
    expect(names(made, encrypted())).toEqual(['ONE', 'TWO']);
    const known = encrypted();
    known.identity = { name: 'ann', mechanism: 'ONE' };
    expect(names(made, known)).toEqual([]);
  });

  it('does not promise by TLS what is not there', () => {
    const made = new MechanismRegistry('never');
    expect(made.wantsTls(from('192.0.2.1'))).toBe(false);
    expect(registry('never').wantsTls(session)).toBe(false);
  });

  it('has one owner for each name', () => {
    expect(registry('never').add(mechanism('ONE'), 'other')).toBe('owner');
  });
});

describe('allAuthenticators', () => {
  const knows = (name: string): Authenticator => ({ password: (asked) => (asked === name ? name : undefined) });
  const down: Authenticator = { password: () => Promise.reject(new Error('down')) };

  it('has what one of them has, and nothing else', () => {
    expect(Object.keys(allAuthenticators([]))).toEqual([]);
    expect(Object.keys(allAuthenticators([knows('a'), { token: () => undefined }]))).toEqual(['password', 'token']);
    expect(
      Object.keys(
        allAuthenticators([{ scram: () => undefined, certificate: () => undefined }, { mayActAs: () => true }]),
      ),
    ).toEqual(['scram', 'certificate', 'mayActAs']);
    const only = knows('a');
    expect(allAuthenticators([only])).toBe(only);
  });

  it('asks in order, and the first that knows decides', async () => {
    const all = allAuthenticators([knows('a'), knows('b')]);
    expect(await all.password?.('a', 'x', session)).toBe('a');
    expect(await all.password?.('b', 'x', session)).toBe('b');
    expect(await all.password?.('c', 'x', session)).toBeUndefined();
  });

  it('never says that credentials are wrong while one can not tell', async () => {
    const all = allAuthenticators([down, knows('b')]);
    expect(await all.password?.('b', 'x', session)).toBe('b');
    await expect(all.password?.('c', 'x', session)).rejects.toThrow('down');
  });

  it('lets act as another who may by one of them, and by none if none can tell', async () => {
    const all = allAuthenticators([{ mayActAs: () => false }, { mayActAs: (_, other) => other === 'list' }]);
    expect(await all.mayActAs?.('ann', 'list', session)).toBe(true);
    expect(await all.mayActAs?.('ann', 'bob', session)).toBe(false);
    const broken = allAuthenticators([
      { mayActAs: () => Promise.reject(new Error('down')) },
      { mayActAs: () => false },
    ]);
    await expect(broken.mayActAs?.('ann', 'bob', session)).rejects.toThrow('down');
  });
});
