/** Pieces are the reader's own, small, and let others have their turn. */
import { bodyOf, heldBytes } from '@mailverb/body';
import type { HeldMessage } from '@mailverb/contract';
import { pieces, untilAborted } from './pieces.js';

const never = new AbortController().signal;

async function all(message: HeldMessage, signal = never): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for await (const piece of pieces(message, signal)) out.push(piece);
  return out;
}

it('stay what they were when the chunk that they were in is used again', async () => {
  function* used(): Generator<Uint8Array> {
    const memory = Buffer.alloc(4);
    for (const text of ['one.', 'two.', 'end.']) {
      memory.write(text);
      yield memory;
      memory.fill('?');
    }
  }
  const got = await all({ size: 12, open: () => bodyOf(used()) });
  expect(Buffer.concat(got).toString()).toBe('one.two.end.');
});

it('are small, and others have their turn between them (attack A8)', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const got = await all(heldBytes(Buffer.alloc(20_000_000)));
  clearInterval(timer);
  expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  expect(got.reduce((sum, { length }) => sum + length, 0)).toBe(20_000_000);
  expect(turns).toBeGreaterThan(3);
});

it('end when they are told to, also while they wait', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const silent = new Promise<never>(() => undefined);
  const waiting = untilAborted(silent, abort.signal);
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(untilAborted(silent, abort.signal)).rejects.toBe(reason);
  await expect(all(heldBytes(Buffer.alloc(10)), abort.signal)).rejects.toBe(reason);
});
