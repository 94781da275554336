/** The authenticator smtp before a peer on a real socket. */
import { inspect } from 'node:util';
import {
  SystemClock,
  contributionsOf,
  recordingLogger,
  scriptedPeer,
  testListener,
  testSession,
  type LogLine,
  type ScriptedPeer,
} from '@mailverb/testing';
import { LOGGED_IN, NextHops, nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';
import { smtpPlugin } from './plugin.js';
import { SmtpAuthenticator } from './smtp.authenticator.js';
import { smtpOptions } from './smtp.options.js';

const PLAIN = { mode: 'none' } as const;
const USERS = new Map([['ann', 'correct-horse']]);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer({ keywords: ['PIPELINING', 'AUTH PLAIN LOGIN'], users: USERS, ...options });
  open.push(() => peer.close());
  return peer;
}

async function asking(peer: ScriptedPeer, options: object = {}, log: LogLine[] = []): Promise<SmtpAuthenticator> {
  const parsed = smtpOptions.parse({
    host: peer.host,
    port: peer.port,
    tls: PLAIN,
    allowPlaintext: true,
    timeouts: { hello: '300ms' },
    ...options,
  });
  const authenticator = new SmtpAuthenticator(parsed, testListener(), new SystemClock(), recordingLogger(log));
  await authenticator.start();
  open.push(() => authenticator.stop());
  return authenticator;
}

describe('SmtpAuthenticator', () => {
  it('knows whom the server knows, and leaves no connection behind', async () => {
    const peer = await peerOf();
    const authenticator = await asking(peer);
    expect(await authenticator.password('ann', 'correct-horse', testSession())).toBe('ann');
    expect(await authenticator.password('ann', 'wrong', testSession())).toBeUndefined();
    expect(await authenticator.password('eve', 'correct-horse', testSession())).toBeUndefined();
    await peer.allClosed();
    expect(peer.logins.map(({ username }) => username)).toEqual(['ann', 'ann', 'eve']);
  });

  it.each([
    ['is down', { listening: false }],
    ['greets nobody', { replies: { greeting: '421 4.3.2 no' } }],
    ['has no AUTH', { keywords: ['PIPELINING'] }],
    ['has a temporary failure', { replies: { auth: '454 4.7.0 not now' } }],
    ['says nothing', { fault: { at: 'auth', what: 'stall' } }],
    ['is gone', { fault: { at: 'auth', what: 'reset' } }],
  ] as const)('can’t tell where the server %s (attack A26), and says no secret about it', async (_, options) => {
    const log: LogLine[] = [];
    const authenticator = await asking(await peerOf(options), {}, log);
    await expect(authenticator.password('ann', 'correct-horse', testSession())).rejects.toThrow();
    expect(log.map(({ level }) => level)).toEqual(['error']);
    expect(inspect([log, authenticator], { depth: Infinity, showHidden: true })).not.toContain('correct-horse');
  });

  it('asks nothing in clear unless it may', async () => {
    const peer = await peerOf();
    const authenticator = await asking(peer, { allowPlaintext: false });
    await expect(authenticator.password('ann', 'correct-horse', testSession())).rejects.toThrow('without TLS');
    expect(peer.logins).toEqual([]);
  });

  it('keeps the connection for whoever gives the session’s mail to the same server, until the session ends', async () => {
    const peer = await peerOf();
    const authenticator = await asking(peer, { keep: true });
    const session = testSession({ identity: { name: 'ann', mechanism: 'PLAIN' } });
    await authenticator.password('ann', 'correct-horse', session);
    expect(peer.openNow).toBe(1);
    const hops = new NextHops(
      z.strictObject(nextHopShape).parse({ tls: PLAIN }),
      { protocol: 'smtp' },
      new SystemClock(),
    );
    open.push(() => hops.stop());
    const hop = hops.at({ host: peer.host, port: peer.port }, 'mx.test.example');
    const connection = await hop.lease(session);
    expect(connection).toBe(session.get(LOGGED_IN));
    hop.release(connection, session);
    expect(peer.opened).toBe(1);
    // Somebody else has not logged in.
    const other = await hop.lease(testSession());
    expect(other).not.toBe(connection);
    hop.release(other, testSession());
    hops.sessionClosed(session);
    await hops.stop();
    await peer.allClosed();
  });
});

describe('the plugin', () => {
  it('contributes the authenticator', () => {
    expect(contributionsOf(smtpPlugin)).toEqual([{ kind: 'authenticator', name: undefined, value: SmtpAuthenticator }]);
  });

  it.each<object>([{}, { host: '' }, { host: 'a', port: 0 }, { host: 'a', auth: { user: 'x', password: 'y' } }])(
    'refuses %j',
    (options) => {
      expect(smtpOptions.safeParse(options).success).toBe(false);
    },
  );
});
