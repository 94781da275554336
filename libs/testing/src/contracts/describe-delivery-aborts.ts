/** The part of the delivery contract that says: what was aborted leaves nothing, whenever it was aborted. */
import type { DeliveryTransaction } from '@mailverb/contract';
import { openDelivery } from './deliver.js';
import {
  expectNothing,
  expectNoLeftovers,
  expectStored,
  type DeliverySuite,
  type DeliveryUnderTest,
} from './delivery-suite.js';
import { testRecipient } from './fixtures.js';
import { random, SilentClient, source } from './message-source.js';

/** Octets after which a client goes away: at once, early, and when a strategy has begun to write. */
const OCTETS = [0, 1, 1000, 300_000];

/** Tests of `abort`. */
export function describeDeliveryAborts(suite: DeliverySuite): void {
  describeBetweenCalls(suite);
  describeWithinCalls(suite);
  describeAfterwards(suite);
  for (const octets of OCTETS) describeWithinBody(suite, octets);
}

function describeBetweenCalls(suite: DeliverySuite): void {
  suite.test('when it is aborted before a recipient was offered', async (under) => {
    const { transaction } = await openDelivery(under.strategy, []);
    await transaction.abort('test');
    await transaction.abort('test again');
    await expectNothing(under);
    await suite.expectWorks(under);
  });

  suite.test('when it is aborted before the body', async (under) => {
    const { transaction } = await openDelivery(under.strategy, suite.all);
    await transaction.abort('test');
    await transaction.abort('test again');
    await expectNothing(under);
    await suite.expectWorks(under);
  });

  suite.test('when it is aborted after the body', async (under) => {
    for (const size of [100, 400_000]) {
      const next = random(size);
      const { transaction } = await openDelivery(under.strategy, suite.all);
      const whole = under.strategy.wholeMessage === true;
      await transaction.body(source(suite.content(size, next), whole, { next, longest: 9000 }));
      await transaction.abort('test');
      await transaction.abort('test again');
      await expectNothing(under);
    }
    await suite.expectWorks(under);
  });
}

function describeWithinCalls(suite: DeliverySuite): void {
  suite.test('when it is aborted while a recipient is asked for', async (under) => {
    const { transaction } = await openDelivery(under.strategy, suite.one);
    const pending = suite.all.slice(1).map((address) => transaction.recipient(testRecipient(address)));
    await Promise.allSettled([...pending, transaction.abort('test')]);
    await transaction.abort('test again');
    await expectNothing(under);
  });

  suite.test('or all of it, when it is aborted while it commits', async (under) => {
    for (const size of [1000, 400_000]) {
      const next = random(size);
      const bytes = suite.content(size, next);
      const before = [...((await under.stored?.()) ?? [])];
      const { transaction } = await openDelivery(under.strategy, suite.one);
      await transaction.body(source(bytes, under.strategy.wholeMessage === true, { next, longest: 9000 }));
      const commit = Promise.resolve().then(() => transaction.commit());
      const abort = Promise.resolve().then(() => transaction.abort('test'));
      const [committed] = await Promise.allSettled([commit, abort]);
      await transaction.abort('test again');
      const done = committed.status === 'fulfilled' && committed.value.every((o) => o.reply.positive);
      await expectStored(under, done ? [...before, ...suite.copies(bytes)] : before);
      await expectNoLeftovers(under);
    }
  });
}

/** What was under way when the server gave up may still come to its end, and go on: nothing may come of it. */
function describeAfterwards(suite: DeliverySuite): void {
  suite.test('when it is used on after an abort, whoever was taken before', async (under) => {
    for (const before of [[], suite.one, suite.all]) {
      const { transaction } = await openDelivery(under.strategy, before);
      await transaction.abort('test');
      await expectGoesNowhere(suite, under, transaction);
    }
    await suite.expectWorks(under);
  });

  suite.test('when it is used on after an abort while a recipient was asked for', async (under) => {
    for (const before of [[], suite.one]) {
      const { transaction } = await openDelivery(under.strategy, before);
      const pending = suite.all.slice(before.length).map((address) => transaction.recipient(testRecipient(address)));
      const aborted = transaction.abort('test');
      await Promise.allSettled([...pending, aborted]);
      await expectGoesNowhere(suite, under, transaction);
    }
    await suite.expectWorks(under);
  });

  suite.test('when it is told to commit after an abort', async (under) => {
    const next = random(17);
    const { transaction } = await openDelivery(under.strategy, suite.all);
    await transaction.body(source(suite.content(3000, next), under.strategy.wholeMessage === true, { next }));
    await transaction.abort('test');
    await expectNoYes(transaction);
    await expectNothing(under);
    await suite.expectWorks(under);
  });
}

/** Asks an aborted transaction for a recipient, and gives it a message: it may throw or defer, but not store or say 250. */
async function expectGoesNowhere(
  suite: DeliverySuite,
  under: DeliveryUnderTest,
  transaction: DeliveryTransaction,
): Promise<void> {
  const next = random(19);
  const body = source(suite.content(3000, next), under.strategy.wholeMessage === true, { next });
  for (const address of suite.all) {
    await Promise.allSettled([Promise.resolve().then(() => transaction.recipient(testRecipient(address)))]);
  }
  await Promise.allSettled([Promise.resolve().then(() => transaction.body(body))]);
  await expectNoYes(transaction);
  await transaction.abort('test again');
  await expectNothing(under);
}

async function expectNoYes(transaction: DeliveryTransaction): Promise<void> {
  const outcomes = await Promise.resolve()
    .then(() => transaction.commit())
    .catch(() => []);
  expect(outcomes.filter((o) => o.reply.positive)).toEqual([]);
}

function describeWithinBody(suite: DeliverySuite, octets: number): void {
  suite.test(`when the body aborts after ${octets} octets`, async (under) => {
    const next = random(octets);
    const whole = under.strategy.wholeMessage === true;
    const { transaction } = await openDelivery(under.strategy, suite.all);
    const options = { next, longest: 9000, abortAfter: octets };
    const body = Promise.resolve().then(() => transaction.body(source(suite.content(400_000, next), whole, options)));
    if (whole) {
      // A held message does not abort. That it cannot be read may also come to light later, as outcomes.
      const outcomes = await body.then(() => transaction.commit()).catch(() => []);
      expect(outcomes.filter((o) => o.reply.positive)).toEqual([]);
    } else {
      await expect(body).rejects.toMatchObject({ name: 'BodyAborted' });
    }
    await transaction.abort('the body failed');
    await transaction.abort('again');
    await expectNothing(under);
    await suite.expectWorks(under);
  });

  suite.test(`when it is aborted while it waits for what follows octet ${octets}`, async (under) => {
    const next = random(octets);
    const client = new SilentClient(suite.content(400_000, next).subarray(0, octets), { next, longest: 9000 });
    const { transaction } = await openDelivery(under.strategy, suite.all);
    const whole = under.strategy.wholeMessage === true;
    const body = Promise.allSettled([Promise.resolve().then(() => transaction.body(client.body(whole)))]);
    // Who has the whole message held may read it only when it commits.
    await Promise.race([client.awaited, body]);
    await transaction.abort('test');
    await expectNothing(under);
    client.fail();
    await body;
    await transaction.abort('again');
    await expectNothing(under);
    await suite.expectWorks(under);
  });
}
