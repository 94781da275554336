import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { AmqpDelivery } from './amqp.delivery.js';
import { amqpOptions } from './amqp.options.js';
import { amqpPlugin } from './plugin.js';

const make = (options: object = {}): AmqpDelivery => new AmqpDelivery(amqpOptions.parse(options));

describeDelivery('amqp', () => ({ strategy: make() }));

describe('amqp', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(amqpOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'amqp', value: AmqpDelivery };
  expect(contributionsOf(amqpPlugin)).toEqual([expected]);
});
