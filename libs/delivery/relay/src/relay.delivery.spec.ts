import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { RelayDelivery } from './relay.delivery.js';
import { relayOptions } from './relay.options.js';
import { relayPlugin } from './plugin.js';

const make = (options: object = {}): RelayDelivery => new RelayDelivery(relayOptions.parse(options));

describeDelivery('relay', () => ({ strategy: make() }));

describe('relay', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(relayOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'relay', value: RelayDelivery };
  expect(contributionsOf(relayPlugin)).toEqual([expected]);
});
