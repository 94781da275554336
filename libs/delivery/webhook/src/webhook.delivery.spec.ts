import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { WebhookDelivery } from './webhook.delivery.js';
import { webhookOptions } from './webhook.options.js';
import { webhookPlugin } from './plugin.js';

const make = (options: object = {}): WebhookDelivery => new WebhookDelivery(webhookOptions.parse(options));

describeDelivery('webhook', () => ({ strategy: make() }));

describe('webhook', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(webhookOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'webhook', value: WebhookDelivery };
  expect(contributionsOf(webhookPlugin)).toEqual([expected]);
});
