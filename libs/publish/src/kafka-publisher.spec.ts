import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClock, deliver, describeDelivery, recordingLogger } from '@mailverb/testing';
import { z } from 'zod';
import { PublishingDelivery, TargetTemplate, publishShape } from './index.js';
import { KafkaPublisher, type Producer } from './kafka-publisher.fixture.js';

/** The example of the README, on a producer that keeps what it is given. */
function kafka(sent: Parameters<Producer['send']>[0][], fails = false): PublishingDelivery {
  const producer: Producer = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    send: async (record) => {
      if (fails) throw new Error('NOT_ENOUGH_REPLICAS');
      sent.push(record);
    },
  };
  return new PublishingDelivery({
    name: 'kafka',
    publisher: new KafkaPublisher(producer),
    target: TargetTemplate.parse('mail'),
    options: z.strictObject(publishShape).parse({}),
    clock: new FakeClock(),
    logger: recordingLogger([]),
  });
}

const sent: Parameters<Producer['send']>[0][] = [];
beforeEach(() => void (sent.length = 0));

describeDelivery('the example for Kafka', () => ({
  strategy: kafka(sent),
  stored: async () => sent.flatMap(({ messages }) => messages.map((m) => ('value' in m ? m.value : m) as Buffer)),
}));

it('waits for all replicas, and defers where they do not acknowledge', async () => {
  await deliver(kafka(sent), ['ann@example.org'], Buffer.from('x'));
  expect(sent).toEqual([expect.objectContaining({ topic: 'mail', acks: -1 })]);
  const { outcomes } = await deliver(kafka(sent, true), ['ann@example.org'], Buffer.from('x'));
  expect(outcomes.map(({ reply }) => reply.code)).toEqual([451]);
});

it('is what the README shows', () => {
  const code = readFileSync(join(__dirname, 'kafka-publisher.fixture.ts'), 'utf8');
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  expect(readme).toContain(code.replace("'./index.js'", "'@mailverb/publish'"));
});
