/** Whose connections are whose: what belongs to one session is never another's, is used by one transaction at a time, and ends with its session. */
import {
  SystemClock,
  openDelivery,
  recordingLogger,
  scriptedPeer,
  testContext,
  testEnvelope,
  testRecipient,
  testSession,
  turn,
  type ScriptedPeer,
} from '@mailverb/testing';
import { SmtpError, type DeliveryStrategy, type Session } from '@mailverb/contract';
import { bodyOf } from '@mailverb/body';
import { reply } from '@mailverb/protocol';
import { z } from 'zod';
import { HopTransaction } from './hop-transaction.js';
import { LOGGED_IN, type NextHop } from './hop.js';
import { NextHops, type HopKind } from './hops.js';
import { nextHopShape } from './next-hop.options.js';

const TO = ['ann@example.org'];
const ANN = { identity: { name: 'ann', mechanism: 'PLAIN' } };

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function before(
  options: Parameters<typeof scriptedPeer>[0],
  kind: Partial<HopKind> = {},
): Promise<{ peer: ScriptedPeer; hops: NextHops; hop: NextHop; strategy: DeliveryStrategy }> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  const parsed = z.strictObject(nextHopShape).parse({ tls: { mode: 'none' }, timeouts: { hello: '300ms' } });
  const hops = new NextHops(parsed, { protocol: 'smtp', ...kind }, new SystemClock());
  open.push(() => hops.stop());
  const hop = hops.at({ host: peer.host, port: peer.port }, 'mx.test.example');
  const strategy: DeliveryStrategy = {
    durability: 'remote',
    begin: (envelope, session) => new HopTransaction(() => [hop], { envelope, session, logger: recordingLogger([]) }),
  };
  return { peer, hops, hop, strategy };
}

async function logIn(hop: NextHop, session: Session) {
  const connection = await hop.connectAs({ username: 'ann', password: 'secret' }, true);
  hop.keepFor(session, connection);
  return connection;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !isSo(); i++) await turn();
}

const AUTH = { keywords: ['PIPELINING', 'AUTH PLAIN'] };

it('the addresses of a target are one hop in whatever order a name server gives them', async () => {
  const { hops } = await before({});
  const at = (...addresses: string[]) => hops.at({ host: 'mx.example', port: 25, addresses }, 'mx.test.example');
  expect(at('192.0.2.2', '192.0.2.1')).toBe(at('192.0.2.1', '192.0.2.2'));
  expect(at('192.0.2.1')).not.toBe(at('192.0.2.2'));
});

describe('a connection on which a client has logged in', () => {
  it('is not used in clear by a hop that wants TLS (attack A5)', async () => {
    const { peer, hop } = await before(AUTH);
    const session = testSession(ANN);
    await logIn(hop, session);
    const parsed = z.strictObject(nextHopShape).parse({ tls: { mode: 'required' } });
    const strict = new NextHops(parsed, { protocol: 'smtp' }, new SystemClock());
    open.push(() => strict.stop());
    const lease = (async () => strict.at({ host: peer.host, port: peer.port }, 'mx.test.example').lease(session))();
    await expect(lease).rejects.toMatchObject({ fault: 'tls' });
  });

  it('is nobody else’s when its session has forgotten it before a transaction was taken back (STARTTLS, XCLIENT)', async () => {
    const { peer, hop, strategy } = await before({ ...AUTH, fault: { at: 'rset', what: { pause: 30 } } });
    const session = testSession(ANN);
    const own = await logIn(hop, session);
    const { transaction } = await openDelivery(strategy, TO, { session });
    const aborted = transaction.abort('RSET');
    Reflect.apply(session.set, session, [LOGGED_IN, undefined]);
    await aborted;
    const other = testSession();
    const lent = await hop.lease(other);
    expect(lent).not.toBe(own);
    hop.release(lent, other);
    await until(() => peer.openNow === 1);
    expect(peer.openNow).toBe(1);
  });

  it('is used by one transaction at a time', async () => {
    const { peer, hop, strategy } = await before(AUTH);
    const session = testSession(ANN);
    const own = await logIn(hop, session);
    const first = await openDelivery(strategy, TO, { session });
    const second = await openDelivery(strategy, ['bob@example.org'], { session });
    expect(String(second.refused.get('bob@example.org'))).toMatch(/^451 4\.3\.2 /);
    expect(peer.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
    await first.transaction.abort('test');
    // And by the next one afterwards.
    const third = await openDelivery(strategy, TO, { session });
    expect(third.taken).toHaveLength(1);
    await third.transaction.abort('test');
    expect(own.error).toBeUndefined();
    expect(peer.opened).toBe(1);
  });

  it('is not used for a client that is not known by it', async () => {
    const { hop } = await before(AUTH);
    const session = testSession();
    const own = await logIn(hop, session);
    const lent = await hop.lease(session);
    expect(lent).not.toBe(own);
    hop.release(lent, session);
    hop.sessionClosed(session);
  });

  it('does not wait for ever for a server that says nothing, though its session has ended', async () => {
    const { peer, hop, hops, strategy } = await before({ ...AUTH, fault: { at: 'rset', what: 'stall' } });
    const session = testSession(ANN);
    await logIn(hop, session);
    const { transaction } = await openDelivery(strategy, TO, { session });
    const aborted = transaction.abort('client is gone');
    hops.sessionClosed(session);
    await aborted;
    await peer.allClosed();
  });

  it.each([
    ['in use', true],
    ['idle', false],
  ])('is seen off with its session, also where it was %s', async (_, inUse) => {
    const { peer, hop, hops, strategy } = await before(AUTH);
    const session = testSession(ANN);
    await logIn(hop, session);
    const { transaction } = await openDelivery(strategy, TO, { session });
    if (!inUse) await transaction.abort('test');
    const aborted = transaction.abort('client is gone');
    hops.sessionClosed(session);
    await aborted;
    await peer.allClosed();
    expect(peer.lines.at(-1)).toBe('QUIT');
  });
});

it('a connection with a PROXY header is seen off with its session, also where it was in use', async () => {
  const { peer, hops, strategy } = await before({ proxy: true }, { proxyHeader: 2 });
  const session = testSession();
  const { transaction } = await openDelivery(strategy, TO, { session });
  const aborted = transaction.abort('client is gone');
  hops.sessionClosed(session);
  await aborted;
  await peer.allClosed();
  expect(peer.lines.at(-1)).toBe('QUIT');
});

it('a connection with a PROXY header that was in use is not kept when all is over', async () => {
  const { peer, hops, strategy } = await before({ proxy: true }, { proxyHeader: 2 });
  const { transaction } = await openDelivery(strategy, TO, { session: testSession() });
  await hops.stop();
  await transaction.abort('the server goes down');
  await peer.allClosed();
});

it('a connection with a PROXY header is not opened on when its client has gone', async () => {
  const { peer, hop, strategy } = await before(
    { proxy: true, fault: { at: 'greeting', what: 'stall' } },
    { proxyHeader: 2 },
  );
  const { id, reversePath, parameters } = testEnvelope();
  const transaction = await strategy.begin(
    { id, reversePath, parameters, recipients: [] },
    testSession(),
    testContext(),
  );
  const answer = Promise.resolve(transaction.recipient(testRecipient('ann@example.org'))).catch(
    (error: unknown) => error,
  );
  await peer.faulted();
  await transaction.abort('client is gone');
  await peer.allClosed();
  expect(await answer).toMatchObject({ name: 'BodyAborted' });
  // Nobody was there to be slow for.
  expect(hop.resting).toBe(false);
  expect(hop.connections).toBe(0);
});

it('a connection that had gone before it was told of the next client costs that one nothing', async () => {
  const { peer, strategy } = await before({ keywords: ['PIPELINING', 'XCLIENT ADDR'] }, { xclient: true });
  const first = await openDelivery(strategy, TO, { session: testSession({ remoteAddress: '192.0.2.7' }) });
  await first.transaction.abort('test');
  peer.fault = { at: 'xclient', what: 'close', connection: 1 };
  const second = await openDelivery(strategy, TO, { session: testSession({ remoteAddress: '192.0.2.8' }) });
  expect(second.taken).toHaveLength(1);
  expect(peer.opened).toBe(2);
  await second.transaction.abort('test');
});

describe('a transaction', () => {
  it('goes on after a recipient that can not be said there, also where it was the first', async () => {
    const { strategy } = await before({ keywords: ['PIPELINING'] });
    const { taken, refused, transaction } = await openDelivery(strategy, ['b\u00fc@example.org', ...TO]);
    expect([...refused].map(([address, { code }]) => [address, code])).toEqual([['b\u00fc@example.org', 553]]);
    expect(taken).toHaveLength(1);
    await transaction.abort('test');
  });

  it('answers what is wrong with the message itself with its own words', async () => {
    const { strategy } = await before({});
    const { transaction } = await openDelivery(strategy, TO);
    const refusal = reply(554, '5.6.0', 'not so');
    const body = bodyOf(
      (async function* () {
        yield Buffer.from('a\r\n');
        throw new SmtpError(refusal, 'a transform will not have it');
      })(),
    );
    await expect((async () => transaction.body(body))()).rejects.toMatchObject({ reply: refusal });
    await transaction.abort('test');
  });
});
