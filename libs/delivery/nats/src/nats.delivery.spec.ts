import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { NatsDelivery } from './nats.delivery.js';
import { natsOptions } from './nats.options.js';
import { natsPlugin } from './plugin.js';

const make = (options: object = {}): NatsDelivery => new NatsDelivery(natsOptions.parse(options));

describeDelivery('nats', () => ({ strategy: make() }));

describe('nats', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(natsOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'nats', value: NatsDelivery };
  expect(contributionsOf(natsPlugin)).toEqual([expected]);
});
