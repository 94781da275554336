/** What the tests of the delivery contract have in common: a strategy for each, messages to send, and where they must be. */
import type { DeliveryStrategy, Lifecycle, MaybePromise } from '@mailverb/contract';
import { createHash } from 'node:crypto';
import { deliver, type FinishedDelivery } from './deliver.js';
import { random, randomBytes, randomLines, source, type Random, type SourceOptions } from './message-source.js';

/** A strategy of its own for one test. */
export interface DeliveryUnderTest {
  readonly strategy: DeliveryStrategy & Lifecycle;
  /** Every message that somebody can see now, in any order. Absent where nothing is kept. */
  stored?(): Promise<readonly Uint8Array[]>;
  /** What an aborted transaction has left behind: names of temporary files, open handles. Absent where there can be nothing. */
  leftovers?(): Promise<readonly string[]>;
  cleanup?(): Promise<void>;
}

/** What the suite must know of the strategy. */
export interface DescribeDeliveryOptions {
  /** `lines` for formats that keep lines ended by CRLF and nothing else; default `bytes`. */
  readonly content?: 'bytes' | 'lines';
  /** Two or more recipients that it takes. */
  readonly recipients?: readonly string[];
  /** A recipient that it refuses. */
  readonly refused?: string;
  /** How many messages are stored for one recipient; default 1. */
  readonly copies?: number;
}

/** Makes the strategy of one test. */
export type DeliveryFactory = () => MaybePromise<DeliveryUnderTest>;

/** One strategy's run of the suite. */
export class DeliverySuite {
  /** Recipients that are taken. */
  readonly all: readonly string[];
  /** The first of them alone. */
  readonly one: readonly string[];

  constructor(
    private readonly factory: DeliveryFactory,
    readonly options: DescribeDeliveryOptions,
  ) {
    this.all = options.recipients ?? ['alice@example.org', 'bob@example.org', 'carol@example.net'];
    this.one = this.all.slice(0, 1);
  }

  /** A test with a strategy that was started and will be stopped. */
  test(title: string, run: (under: DeliveryUnderTest) => Promise<void>): void {
    it(title, async () => {
      const under = await this.factory();
      try {
        await under.strategy.start?.();
        await run(under);
        await under.strategy.stop?.();
      } finally {
        await under.cleanup?.();
      }
    });
  }

  /** A message of about this size that the strategy can keep exactly. */
  content(size: number, next: Random): Buffer {
    if (size === 0) return Buffer.alloc(0);
    return this.options.content === 'lines' ? randomLines(size, next) : randomBytes(size, next);
  }

  /** What is stored if these were sent to one recipient each. */
  copies(...sent: readonly Uint8Array[]): Uint8Array[] {
    return sent.flatMap((bytes) => Array.from({ length: this.options.copies ?? 1 }, () => bytes));
  }

  /** Delivers bytes in random chunks, streaming or held as the strategy wants them. */
  send(
    { strategy }: DeliveryUnderTest,
    bytes: Uint8Array,
    options: SourceOptions,
    to: readonly string[] = this.one,
  ): Promise<FinishedDelivery> {
    return deliver(strategy, to, source(bytes, strategy.wholeMessage === true, options));
  }

  /** The strategy takes a message, and that is the only one there is. */
  async expectWorks(under: DeliveryUnderTest): Promise<void> {
    const next = random(13);
    const bytes = this.content(50, next);
    const { outcomes } = await this.send(under, bytes, { next });
    expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
    await expectStored(under, this.copies(bytes));
  }
}

/** Exactly these messages, in any order. */
export async function expectStored(under: DeliveryUnderTest, sent: readonly Uint8Array[]): Promise<void> {
  if (under.stored !== undefined) expect(digests(await under.stored())).toEqual(digests(sent));
}

/** One or more copies of this message and nothing else. */
export async function expectAllEqual(under: DeliveryUnderTest, bytes: Uint8Array): Promise<void> {
  if (under.stored === undefined) return;
  expect([...new Set(digests(await under.stored()))]).toEqual(digests([bytes]));
}

/** No message, no temporary file. */
export async function expectNothing(under: DeliveryUnderTest): Promise<void> {
  await expectStored(under, []);
  await expectNoLeftovers(under);
}

/** No temporary file. */
export async function expectNoLeftovers(under: DeliveryUnderTest): Promise<void> {
  expect((await under.leftovers?.()) ?? []).toEqual([]);
}

/** A line for each message: what differs is shown by size and first bytes, not by a megabyte of difference. */
function digests(messages: readonly Uint8Array[]): string[] {
  return messages
    .map((bytes) => {
      const start = Buffer.from(bytes.subarray(0, 40)).toString('latin1');
      return `${bytes.length} octets ${createHash('sha256').update(bytes).digest('hex')} ${JSON.stringify(start)}`;
    })
    .toSorted();
}
