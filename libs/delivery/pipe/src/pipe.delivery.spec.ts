import { contributionsOf, deliver, describeDelivery } from '@mailverb/testing';
import { PipeDelivery } from './pipe.delivery.js';
import { pipeOptions } from './pipe.options.js';
import { pipePlugin } from './plugin.js';

const make = (options: object = {}): PipeDelivery => new PipeDelivery(pipeOptions.parse(options));

describeDelivery('pipe', () => ({ strategy: make() }));

describe('pipe', () => {
  it('answers in the words of the configuration', async () => {
    const { outcomes } = await deliver(make({ words: 'gone' }), ['ann@example.org'], Buffer.from('x\r\n'));
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(['250 2.0.0 Ok: gone']);
  });

  it('refuses options that it does not know', () => {
    expect(pipeOptions.safeParse({ path: 'x' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'delivery', name: 'pipe', value: PipeDelivery };
  expect(contributionsOf(pipePlugin)).toEqual([expected]);
});
