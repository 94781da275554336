import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { LmtpDelivery } from './lmtp.delivery.js';
import { lmtpOptions } from './lmtp.options.js';
import { lmtpPlugin } from './plugin.js';

const make = (options: object = {}): LmtpDelivery => new LmtpDelivery(lmtpOptions.parse(options));

describeDelivery('lmtp', () => ({ strategy: make() }));

describe('lmtp', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(lmtpOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'lmtp', value: LmtpDelivery };
  expect(contributionsOf(lmtpPlugin)).toEqual([expected]);
});
