import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { MxDelivery } from './mx.delivery.js';
import { mxOptions } from './mx.options.js';
import { mxPlugin } from './plugin.js';

const make = (options: object = {}): MxDelivery => new MxDelivery(mxOptions.parse(options));

describeDelivery('mx', () => ({ strategy: make() }));

describe('mx', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(mxOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'mx', value: MxDelivery };
  expect(contributionsOf(mxPlugin)).toEqual([expected]);
});
