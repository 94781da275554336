import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { ProxyDelivery } from './proxy.delivery.js';
import { proxyOptions } from './proxy.options.js';
import { proxyPlugin } from './plugin.js';

const make = (options: object = {}): ProxyDelivery => new ProxyDelivery(proxyOptions.parse(options));

describeDelivery('proxy', () => ({ strategy: make() }));

describe('proxy', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(proxyOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'proxy', value: ProxyDelivery };
  expect(contributionsOf(proxyPlugin)).toEqual([expected]);
});
