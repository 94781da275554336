/** A broker in memory, which says yes when the test lets it, and a strategy that publishes to it. */
import { FakeClock, recordingLogger, type LogLine } from '@mailverb/testing';
import { z } from 'zod';
import {
  PublishingDelivery,
  TargetTemplate,
  publishShape,
  type Publication,
  type PublishError,
  type Publisher,
} from './index.js';

/** Keeps what was confirmed. */
export class MemoryBroker implements Publisher {
  readonly durability = 'remote';
  readonly kept: Publication[] = [];
  /** All that were asked for. */
  readonly asked: Publication[] = [];
  maxOctets?: number;
  trouble: PublishError | undefined;

  /** @param confirm rejects where the broker should not have it, or takes its time. */
  constructor(private readonly confirm: (publication: Publication, signal: AbortSignal) => Promise<void> | void) {}

  publish(publication: Publication, signal: AbortSignal): Promise<void> {
    this.asked.push(publication);
    const confirmed = this.confirm(publication, signal);
    if (confirmed !== undefined) return confirmed.then(() => void this.kept.push(publication));
    this.kept.push(publication);
    return Promise.resolve();
  }
}

/** A strategy, all that is around it, and what the broker has. */
export function publishing(
  options: z.input<z.ZodObject<typeof publishShape>> & { target?: string } = {},
  confirm: ConstructorParameters<typeof MemoryBroker>[0] = () => undefined,
) {
  const { target = 'mail', ...others } = options;
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const publisher = new MemoryBroker(confirm);
  const strategy = new PublishingDelivery({
    name: 'test',
    publisher,
    target: TargetTemplate.parse(target),
    options: z.strictObject(publishShape).parse(others),
    clock,
    logger: recordingLogger(log),
  });
  return { strategy, publisher, clock, log, stored: async () => publisher.kept.map(({ body }) => body) };
}

/** A promise that the test settles. */
export function handle<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
