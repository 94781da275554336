/** A delivery with transforms of its own: its inner one, but for the body, which is held again where it must be. */
import type { DeliveryTransaction, Transform } from '@mailverb/contract';
import { bodyOf, bodyOfHeld, collect, heldBytes } from '@mailverb/body';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { RecordingDelivery } from '../fixtures/delivery.fixture.js';
import { freshSession } from '../fixtures/scene.fixture.js';
import { CountingSpool } from '../fixtures/spool.fixture.js';
import { TransformedDelivery } from './transformed-delivery.js';

const session = freshSession();
const envelope = { id: 't', reversePath: null, parameters: {}, recipients: [] };
const bytes = (text: string) => Buffer.from(text);
const above: Transform = { prepend: () => bytes('above\n') };
const aboveLater: Transform = { prepend: () => Promise.resolve(bytes('later\n')) };
const shout: Transform = {
  apply: async function* (body) {
    for await (const chunk of body) yield bytes(Buffer.from(chunk).toString().toUpperCase());
  },
};

async function begin(
  inner: RecordingDelivery,
  transforms: readonly Transform[],
  spool = new CountingSpool(),
): Promise<DeliveryTransaction> {
  const named = transforms.map((transform, i) => ({ name: `t${i}`, transform }));
  const outer = new TransformedDelivery(inner, named, spool);
  return outer.begin(envelope, session, { signal: new AbortController().signal });
}

describe('TransformedDelivery', () => {
  it('is its inner delivery, but for the body', async () => {
    const inner = new RecordingDelivery();
    const transaction = await begin(inner, [above]);
    await transaction.body(bodyOf([bytes('hello')]));
    await transaction.commit();
    await transaction.abort('test');
    expect(inner.log).toEqual(['begin', 'body', 'commit', 'abort']);
    expect(inner.messages).toEqual(['above\nhello']);
    const outer = new TransformedDelivery(inner, [], new CountingSpool());
    expect([outer.durability, outer.wholeMessage]).toEqual(['memory', false]);
  });

  it('wants the whole message if its inner delivery does, or a transform', () => {
    const spool = new CountingSpool();
    const whole = { name: 'whole', transform: { wholeMessage: true } };
    expect(new TransformedDelivery(new RecordingDelivery(true), [], spool).wholeMessage).toBe(true);
    expect(new TransformedDelivery(new RecordingDelivery(), [whole], spool).wholeMessage).toBe(true);
  });

  it('waits for a begin and a transform that are not synchronous', async () => {
    const inner = new RecordingDelivery();
    inner.steps = { begin: (sound) => Promise.resolve().then(sound) };
    const transaction = await begin(inner, [aboveLater]);
    await transaction.body(bodyOf([bytes('y')]));
    await transaction.commit();
    expect(inner.messages).toEqual(['later\ny']);
  });

  it('gives a delivery that wants the whole message the changed one whole, until it has committed', async () => {
    for (const transforms of [[above], [shout], [aboveLater, shout], [shout, above]]) {
      const inner = new RecordingDelivery(true);
      const spool = new CountingSpool();
      let read = '';
      let open: () => Promise<void> = () => Promise.resolve();
      inner.steps = {
        body: ({ held }) => {
          open = async () => {
            read = held === undefined ? 'it is not held' : Buffer.from(await collect(held.open())).toString();
          };
        },
        // As a delivery may that reads what is held only now.
        commit: async (sound) => (await open(), sound()),
      };
      const transaction = await begin(inner, transforms, spool);
      await transaction.body(bodyOfHeld(heldBytes(bytes('hello'))));
      expect(spool.released).toBe(0);
      await transaction.commit();
      expect(read).toContain(transforms.includes(shout) ? 'HELLO' : 'hello');
      expect([spool.held, spool.released]).toEqual(transforms.includes(shout) ? [1, 1] : [0, 0]);
    }
  });

  it.each(['before the body', 'while it is held', 'while it is delivered', 'while it commits'])(
    'lets go of it when it is aborted %s, and asks for nothing more',
    async (when) => {
      const inner = new RecordingDelivery(true);
      const spool = new CountingSpool();
      const slow = gate<void>();
      const working = gate<void>();
      const late: Transform = { prepend: () => slow.promise.then(() => bytes('x\n')) };
      if (when === 'while it is held') spool.waitAt = 1;
      inner.steps = {
        body: () => (when === 'while it is delivered' ? working.promise : undefined),
        commit: (sound) => (when === 'while it commits' ? working.promise.then(sound) : sound()),
      };
      const transaction = await begin(inner, [late, shout], spool);
      const body = Promise.resolve(transaction.body(bodyOfHeld(heldBytes(bytes('hello'))))).then(
        () => (when === 'while it commits' ? transaction.commit() : undefined),
        (error: unknown) => error,
      );
      if (when !== 'before the body') slow.open();
      await settle();
      await transaction.abort('test');
      slow.open();
      spool.waiting.open();
      working.open();
      await body;
      expect([spool.held, spool.released]).toEqual(when === 'before the body' ? [0, 0] : [1, 1]);
      expect(inner.count('body')).toBe(when.startsWith('while it is d') || when === 'while it commits' ? 1 : 0);
      expect(inner.count('abort')).toBe(1);
    },
  );
});
