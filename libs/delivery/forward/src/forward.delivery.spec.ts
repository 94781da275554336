import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { ForwardDelivery } from './forward.delivery.js';
import { forwardOptions } from './forward.options.js';
import { forwardPlugin } from './plugin.js';

const make = (options: object = {}): ForwardDelivery => new ForwardDelivery(forwardOptions.parse(options));

describeDelivery('forward', () => ({ strategy: make() }));

describe('forward', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(forwardOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'forward', value: ForwardDelivery };
  expect(contributionsOf(forwardPlugin)).toEqual([expected]);
});
