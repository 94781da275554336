import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { S3Delivery } from './s3.delivery.js';
import { s3Options } from './s3.options.js';
import { s3Plugin } from './plugin.js';

const make = (options: object = {}): S3Delivery => new S3Delivery(s3Options.parse(options));

describeDelivery('s3', () => ({ strategy: make() }));

describe('s3', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(s3Options.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 's3', value: S3Delivery };
  expect(contributionsOf(s3Plugin)).toEqual([expected]);
});
