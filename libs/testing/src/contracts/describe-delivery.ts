/**
 * The contract of delivery strategies as tests: every strategy passes it, composers too. Uses the globals of jest (or of what is like it).
 *
 *     describeDelivery('memory', () => {
 *       const strategy = new MemoryDelivery(options);
 *       return { strategy, stored: async () => strategy.messages.map((message) => message.bytes) };
 *     });
 */
import { openDelivery } from './deliver.js';
import { describeDeliveryAborts } from './describe-delivery-aborts.js';
import {
  DeliverySuite,
  expectAllEqual,
  expectNoLeftovers,
  expectNothing,
  expectStored,
  type DeliveryFactory,
  type DescribeDeliveryOptions,
} from './delivery-suite.js';
import { random, source } from './message-source.js';

export { contributionsOf, type Contributed } from './contributions.js';
export { ScriptedDelivery, type DeliveryScript, type ScriptedMessage } from './scripted-delivery.js';
export { deliver, openDelivery } from './deliver.js';
export type { DeliverOptions, FinishedDelivery, OpenDelivery } from './deliver.js';
export type { DeliveryFactory, DeliveryUnderTest, DescribeDeliveryOptions } from './delivery-suite.js';

const SIZES_AND_LONGEST_CHUNKS = [
  [0, 1],
  [1, 1],
  [2, 1],
  [400, 1],
  [5000, 3],
  [70_000, 9000],
  [700_000, 65_536],
  [700_000, 1500],
] as const;

/** The contract suite. `factory` is called once for each test. */
export function describeDelivery(name: string, factory: DeliveryFactory, options: DescribeDeliveryOptions = {}): void {
  const suite = new DeliverySuite(factory, options);
  describe(`${name} keeps the delivery contract`, () => {
    describeMessages(suite);
    describeRecipients(suite);
    describeNeighbours(suite);
    describe('leaves nothing behind', () => describeDeliveryAborts(suite));
  });
}

function describeMessages(suite: DeliverySuite): void {
  suite.test('declares what its 250 survives', async ({ strategy }) => {
    expect(['none', 'memory', 'disk', 'remote']).toContain(strategy.durability);
  });

  suite.test('stores a message byte for byte, and says 250', async (under) => {
    const next = random(1);
    const bytes = suite.content(3000, next);
    const { outcomes, taken } = await suite.send(under, bytes, { next });
    expect(taken).toHaveLength(1);
    expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
    expect(outcomes[0]?.reply.enhanced).toMatch(/^2\./);
    await expectStored(under, suite.copies(bytes));
    await expectNoLeftovers(under);
  });

  suite.test('stores any size in any chunks, zero octets too', async (under) => {
    const sent: Buffer[] = [];
    for (const [size, longest] of SIZES_AND_LONGEST_CHUNKS) {
      const next = random(size + longest);
      const bytes = suite.content(size, next);
      const { outcomes } = await suite.send(under, bytes, { next, longest });
      expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
      sent.push(bytes);
    }
    await expectStored(under, suite.copies(...sent));
    await expectNoLeftovers(under);
  });

  suite.test('keeps every byte from 0 to 255', async (under) => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const noLineEnds = Buffer.concat([all.filter((byte) => byte !== 10 && byte !== 13), Buffer.from('\r\n')]);
    const bytes = suite.options.content === 'lines' ? noLineEnds : all;
    await suite.send(under, bytes, { next: random(2), longest: 5 });
    await expectStored(under, suite.copies(bytes));
  });

  suite.test('shows nothing before commit', async (under) => {
    const next = random(6);
    const bytes = suite.content(2000, next);
    const { transaction } = await openDelivery(under.strategy, suite.one);
    await expectStored(under, []);
    await transaction.body(source(bytes, under.strategy.wholeMessage === true, { next }));
    await expectStored(under, []);
    await transaction.commit();
    await expectStored(under, suite.copies(bytes));
  });
}

function describeRecipients(suite: DeliverySuite): void {
  suite.test('gives one outcome for each recipient that was taken, in their order', async (under) => {
    const next = random(3);
    const bytes = suite.content(1000, next);
    const to = suite.all.toReversed();
    const { taken, outcomes } = await suite.send(under, bytes, { next }, to);
    expect(taken.map((r) => r.mailbox.address)).toEqual(to);
    expect(outcomes).toHaveLength(taken.length);
    outcomes.forEach((outcome, i) => {
      expect(outcome.recipient).toBe(taken[i]);
      expect(outcome.reply.code).toBe(250);
    });
    await expectAllEqual(under, bytes);
  });

  const { refused } = suite.options;
  if (refused === undefined) return;

  suite.test('refuses a recipient without harm to the others', async (under) => {
    const next = random(4);
    const bytes = suite.content(100, next);
    const to = [refused, ...suite.one, refused, ...suite.all.slice(1)];
    const sent = await suite.send(under, bytes, { next }, to);
    expect(sent.refused.get(refused)?.positive).toBe(false);
    expect(sent.outcomes.map((o) => o.recipient.mailbox.address)).toEqual(suite.all);
    await expectAllEqual(under, bytes);
  });

  suite.test('can be aborted when it has taken nobody', async (under) => {
    const { taken, outcomes } = await suite.send(under, Buffer.alloc(0), { next: random(5) }, [refused]);
    expect([taken, outcomes]).toEqual([[], []]);
    await expectNothing(under);
  });
}

function describeNeighbours(suite: DeliverySuite): void {
  suite.test('keeps transactions apart that run at the same time', async (under) => {
    const sent = Array.from({ length: 24 }, (_, i) => suite.content(i * 997, random(100 + i)));
    const finished = await Promise.all(sent.map((bytes, i) => suite.send(under, bytes, { next: random(i) })));
    for (const { outcomes } of finished) expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
    await expectStored(under, suite.copies(...sent));
    await expectNoLeftovers(under);
  });

  suite.test('finishes one when its neighbour is aborted', async (under) => {
    const whole = under.strategy.wholeMessage === true;
    const kept = suite.content(5000, random(9));
    const aborted = await openDelivery(under.strategy, suite.one);
    const finished = await openDelivery(under.strategy, suite.one);
    await aborted.transaction.body(source(suite.content(5000, random(10)), whole, { next: random(11) }));
    await finished.transaction.body(source(kept, whole, { next: random(12) }));
    await aborted.transaction.abort('test');
    expect((await finished.transaction.commit()).map((o) => o.reply.code)).toEqual([250]);
    await expectStored(under, suite.copies(kept));
    await expectNoLeftovers(under);
  });
}
