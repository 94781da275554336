/** What a session remembers, and for how long. */
import { slot, type TlsFacts } from '@mailverb/contract';
import { freshSession } from '../fixtures/scene.fixture.js';
import { Cancellation } from './cancellation.js';
import { sessionId } from './ids.js';

const TLS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'x',
  serverName: undefined,
  clientCertificate: undefined,
  channelBinding: () => undefined,
};

describe('SessionState', () => {
  it('keeps slots by their identity, each for its time', () => {
    const session = freshSession();
    const [one, two] = [slot<number>('n', 'connection'), slot<number>('n', 'transaction')];
    expect(session.get(one)).toBeUndefined();
    session.set(one, 1);
    session.set(two, 2);
    expect([session.get(one), session.get(two)]).toEqual([1, 2]);
    session.endTransaction();
    expect([session.get(one), session.get(two)]).toEqual([1, undefined]);
  });

  it('keeps the notes of the session before those of the transaction, which end with it', () => {
    const session = freshSession();
    expect(session.annotations).toEqual([]);
    session.annotate('spf', { spf: 'pass', domain: 'x.org' }, 'mail');
    session.annotate('dnsbl', { listed: 'no' }, 'connect');
    session.annotate('helo', { helo: 'fine' }, 'helo');
    expect(session.annotations.map(({ by, key, value }) => `${by} ${key}=${value}`)).toEqual([
      'dnsbl listed=no',
      'helo helo=fine',
      'spf spf=pass',
      'spf domain=x.org',
    ]);
    session.endTransaction();
    expect(session.annotations.map(({ by }) => by)).toEqual(['dnsbl', 'helo']);
  });

  it('whom a trusted peer has presented in clear is nobody within TLS, and not that peer (attacks A4, A16, A17)', () => {
    const session = freshSession();
    const peer = session.remoteAddress;
    session.represent({ address: '203.0.113.9', port: 4000 });
    expect(session.remoteAddress).toBe('203.0.113.9');
    session.secure(TLS);
    expect([session.remoteAddress, session.remotePort]).toEqual(['0.0.0.0', 0]);
    session.represent({ address: '203.0.113.10' });
    expect(session.remoteAddress).toBe('203.0.113.10');
    const own = freshSession();
    own.secure(TLS);
    expect(own.remoteAddress).toBe(peer);
  });

  it.each([{ address: '203.0.113.10' }, { port: 4001 }])(
    'the client after one that has logged in has not, unless that is said (%j, attack A16)',
    (next) => {
      const session = freshSession();
      session.represent({ address: '203.0.113.9', port: 4000, login: 'alice' });
      session.represent({ name: 'client.example' });
      expect(session.identity?.name).toBe('alice');
      session.represent(next);
      expect(session.identity).toBeUndefined();
      session.represent({ ...next, login: 'bob' });
      expect(session.identity?.name).toBe('bob');
    },
  );

  it('does not let them grow by asking again', () => {
    const session = freshSession();
    session.annotate('dnsbl', { listed: 'no' }, 'connect');
    for (let i = 0; i < 100; i++) {
      session.asksAgain('helo');
      session.annotate('helo', { name: String(i) }, 'helo');
      session.asksAgain('mail');
      session.annotate('spf', { spf: String(i) }, 'mail');
    }
    expect(session.annotations.map(({ value }) => value)).toEqual(['no', '99', '99']);
  });

  it('takes a key of any name for a key (attack A10)', () => {
    const session = freshSession();
    session.annotate('p', JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>, 'mail');
    expect(session.annotations.map(({ key }) => key)).toEqual(['__proto__', 'constructor']);
  });
});

describe('Cancellation', () => {
  it('fires the signal that was handed out, once, and has another for who asks later', () => {
    const cancellation = new Cancellation();
    const { signal } = cancellation;
    expect(cancellation.signal).toBe(signal);
    cancellation.cancel('enough');
    cancellation.cancel('again');
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toEqual(new Error('enough'));
    expect(cancellation.signal.aborted).toBe(false);
  });

  it('is nothing where nobody has looked', () => {
    const cancellation = new Cancellation();
    cancellation.cancel('nobody hears');
    expect(cancellation.signal.aborted).toBe(false);
  });
});

describe('sessionId', () => {
  it('is another one each time', () => {
    const ids = new Set(Array.from({ length: 1000 }, sessionId));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{10}-[0-9a-z]+$/);
  });
});
