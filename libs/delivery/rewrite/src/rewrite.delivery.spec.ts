import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { RewriteDelivery } from './rewrite.delivery.js';
import { rewriteOptions } from './rewrite.options.js';
import { rewritePlugin } from './plugin.js';

const make = (options: object = {}): RewriteDelivery => new RewriteDelivery(rewriteOptions.parse(options));

describeDelivery('rewrite', () => ({ strategy: make() }));

describe('rewrite', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(rewriteOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'rewrite', value: RewriteDelivery };
  expect(contributionsOf(rewritePlugin)).toEqual([expected]);
});
