/** Deliveries to another server that are given up, by whoever and whenever. For the contract suite of remote deliveries. */
import type { Body, DeliveryStrategy, DeliveryTransaction } from '@mailverb/contract';
import { settle, within } from '../event-loop.js';
import type { PeerOptions, PeerStep } from '../peer/peer-options.js';
import { openDelivery } from './deliver.js';
import { testContext } from './fixtures.js';
import { random, source, SilentClient } from './message-source.js';
import { ONE, expectClass, someMessage, type RemoteSuite, type RemoteUnderTest } from './remote-suite.js';

/** Nobody waits so long: what ends sooner was ended. */
const NEVER_MS = 60_000;
const SOON_MS = 3000;

export function describeRemoteAborts(suite: RemoteSuite): void {
  suite.test('when it is aborted before the body', {}, async ({ peer, strategy }) => {
    const { transaction } = await openDelivery(strategy, ONE);
    await transaction.abort('test');
    await transaction.abort('again');
    expect(peer.messages).toEqual([]);
  });

  suite.test('when it is aborted after the body', {}, async ({ peer, strategy }) => {
    const { transaction } = await openDelivery(strategy, ONE);
    await transaction.body(sourceFor(strategy, someMessage('x\r\n'.repeat(1000))));
    await transaction.abort('test');
    await settle();
    expect(peer.messages).toEqual([]);
  });

  for (const abortAfter of [0, 1, 5, 11, 3000]) {
    suite.test(`when the body breaks off after ${abortAfter} octets`, {}, async (under) => {
      const { peer, strategy } = under;
      const { transaction } = await openDelivery(strategy, ONE);
      const broken = source(someMessage('x\r\n'.repeat(1000)), strategy.wholeMessage === true, {
        next: random(abortAfter),
        abortAfter,
      });
      await expect((async () => transaction.body(broken))()).rejects.toThrow();
      await transaction.abort('the body broke off');
      expect(peer.messages).toEqual([]);
      expectClass(await under.send(), 2);
    });
  }

  suite.test('when the client falls silent, and is then gone', {}, async ({ peer, strategy }) => {
    const { transaction } = await openDelivery(strategy, ONE);
    const client = new SilentClient(someMessage('x\r\n'.repeat(100)), { next: random(1) });
    const read = Promise.resolve(transaction.body(client.body(strategy.wholeMessage === true))).then(
      () => 'read',
      () => 'failed',
    );
    await client.awaited;
    client.fail();
    await transaction.abort('gone');
    expect(await within(read, () => new Error('the body is still read'))).toBe('failed');
    expect(peer.messages).toEqual([]);
  });

  const steps: readonly PeerStep[] = ['greeting', 'hello', 'mail', 'rcpt', 'final'];
  for (const at of steps) {
    // The end of a message can't be taken back: whoever waits for its answer all the same, as long as for any other, is right too.
    const target = at === 'final' ? {} : { timeoutMs: NEVER_MS };
    const run = (under: RemoteUnderTest) => abortWhileWaiting(under);
    suite.test(
      `when it is aborted while the peer says nothing at ${at}`,
      { fault: { at, what: 'stall' } },
      run,
      target,
    );
  }

  for (const at of ['greeting', 'mail'] as const) {
    const begin = async (under: RemoteUnderTest) => {
      under.begin();
      await within(under.peer.faulted(), () => new Error('the peer was not asked'));
    };
    const peer: PeerOptions = { fault: { at, what: 'stall' } };
    suite.test(`when it is stopped while the peer says nothing at ${at}`, peer, begin, { timeoutMs: NEVER_MS });
  }
}

/** Everything that a transaction goes through ends when its signal fires and it is aborted. */
async function abortWhileWaiting({ peer, strategy }: RemoteUnderTest): Promise<void> {
  const controller = new AbortController();
  const begun: DeliveryTransaction[] = [];
  const remembering: DeliveryStrategy = {
    durability: strategy.durability,
    begin: async (...all) => {
      const transaction = await strategy.begin(...all);
      begun.push(transaction);
      return transaction;
    },
  };
  const work = async () => {
    const { transaction, taken } = await openDelivery(remembering, ONE, { context: testContext(controller.signal) });
    if (taken.length === 0) return [];
    await transaction.body(sourceFor(strategy, someMessage()));
    return (await transaction.commit()).map(({ reply }) => reply.code);
  };
  // Whatever it throws is a 451.
  const codes = work().catch(() => []);
  await within(peer.faulted(), () => new Error('the peer was not asked'));
  controller.abort();
  const aborted = (async () => {
    for (const transaction of begun) await transaction.abort('the client is gone');
  })();
  await within(aborted, () => new Error('abort waits for the peer'), SOON_MS);
  const ended = await within(codes, () => new Error('it still waits for the peer'), SOON_MS);
  expect(ended.filter((code) => code < 400)).toEqual([]);
  for (const transaction of begun) await transaction.abort('again');
  expect(peer.messages).toEqual([]);
}

function sourceFor({ wholeMessage }: DeliveryStrategy, bytes: Uint8Array): Body {
  return source(bytes, wholeMessage === true, { next: random(1) });
}
