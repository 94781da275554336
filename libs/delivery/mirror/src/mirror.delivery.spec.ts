import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { MirrorDelivery } from './mirror.delivery.js';
import { mirrorOptions } from './mirror.options.js';
import { mirrorPlugin } from './plugin.js';

const make = (options: object = {}): MirrorDelivery => new MirrorDelivery(mirrorOptions.parse(options));

describeDelivery('mirror', () => ({ strategy: make() }));

describe('mirror', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(mirrorOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'mirror', value: MirrorDelivery };
  expect(contributionsOf(mirrorPlugin)).toEqual([expected]);
});
