import { bodyOf } from '@mailverb/body';
import { contributionsOf, describeDelivery, testEnvelope, testRecipient } from '@mailverb/testing';
import { DiscardDelivery, discardOptions, discardPlugin } from './index.js';

describeDelivery('discard', () => ({ strategy: new DiscardDelivery() }));

describe('DiscardDelivery', () => {
  it('keeps nothing, and says so', () => {
    expect(new DiscardDelivery().durability).toBe('none');
  });

  it('makes no promise where the body makes none', () => {
    const recipients = [testRecipient('a@example.org'), testRecipient('b@example.org')];
    const envelope = testEnvelope({ id: 'abc', recipients });
    const transaction = new DiscardDelivery().begin(envelope);
    for (const recipient of recipients) expect(transaction.recipient(recipient)).toBeUndefined();
    let reads = 0;
    const body = bodyOf(
      (function* () {
        for (; reads < 3; reads += 1) yield new Uint8Array(10);
      })(),
    );
    expect(transaction.body(body)).toBeUndefined();
    expect(reads).toBe(3);
    const outcomes = transaction.commit();
    expect(outcomes).toHaveLength(2);
    expect(outcomes).toMatchObject([{ recipient: recipients[0] }, { recipient: recipients[1] }]);
    expect(Array.isArray(outcomes) && String(outcomes[0]?.reply)).toBe('250 2.0.0 Ok: discarded as abc');
    expect(transaction.abort('too late')).toBeUndefined();
  });

  it('waits for a body that makes promises', async () => {
    const transaction = new DiscardDelivery().begin(testEnvelope());
    let read = 0;
    const body = transaction.body(
      bodyOf(
        (async function* () {
          for (; read < 2; read += 1) yield new Uint8Array(1);
        })(),
      ),
    );
    expect(read).toBe(0);
    await body;
    expect(read).toBe(2);
  });
});

describe('the plugin', () => {
  it('contributes the strategy discard', () => {
    expect(discardPlugin.name).toBe('delivery-discard');
    expect(contributionsOf(discardPlugin)).toEqual([{ kind: 'delivery', name: 'discard', value: DiscardDelivery }]);
  });

  it('has no options', () => {
    expect(discardOptions.parse({})).toEqual({});
    expect(discardOptions.safeParse({ path: '/dev/null' }).success).toBe(false);
  });
});
