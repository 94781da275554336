import { BodyAborted, isPromise, type Body } from '@mailverb/contract';
import fc from 'fast-check';
import { bodyOf, bodyOfHeld, collect, drain, fanOut, heldBytes, PulledBody } from './index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

/** A source that overwrites its last chunk when the next is read, and counts. */
class Source extends PulledBody {
  reads = 0;
  private readonly memory = new Uint8Array(64);
  constructor(
    private readonly chunks: readonly Uint8Array[],
    private readonly async: boolean,
    private readonly failAt = Number.POSITIVE_INFINITY,
  ) {
    super();
  }
  override read() {
    const at = this.reads;
    this.reads += 1;
    if (at >= this.failAt) {
      const error = new BodyAborted('the source failed');
      if (this.async) return Promise.reject(error);
      throw error;
    }
    const chunk = this.chunks[at];
    this.memory.fill(0xff);
    if (chunk !== undefined) this.memory.set(chunk);
    const view = chunk === undefined ? undefined : this.memory.subarray(0, chunk.length);
    return this.async ? Promise.resolve(view) : view;
  }
}

/** Reads like a slow disk: some turns of the microtask queue between chunks. */
async function readSlowly(body: Body, pauses: readonly number[], stopAfter = Number.POSITIVE_INFINITY) {
  const parts: Buffer[] = [];
  for (let i = 0; i < stopAfter; i += 1) {
    const chunk = await body.read();
    if (chunk === undefined) return { ended: true, data: Buffer.concat(parts) };
    for (let p = pauses[i % pauses.length] ?? 0; p > 0; p -= 1) await Promise.resolve();
    parts.push(Buffer.from(chunk));
  }
  return { ended: false, data: Buffer.concat(parts) };
}

const chunkings = fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 8 });
const reader = fc.record({
  pauses: fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }),
  stopAfter: fc.option(fc.nat(8), { nil: undefined }),
});

describe('fanOut', () => {
  it('gives every reader every byte, whatever their pace, and whoever gives up', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunkings,
        fc.boolean(),
        fc.array(reader, { minLength: 1, maxLength: 5 }),
        async (chunks, async, readers) => {
          const source = new Source(chunks, async);
          const branches = fanOut(source, readers.length);
          const results = await Promise.all(
            branches.map(async (branch, i) => {
              const how = readers[i];
              const result = await readSlowly(branch, how?.pauses ?? [0], how?.stopAfter);
              branch.release();
              return result;
            }),
          );
          const whole = Buffer.concat(chunks);
          results.forEach((result, i) => {
            const stop = readers[i]?.stopAfter ?? Number.POSITIVE_INFINITY;
            expect(result.ended).toBe(stop > chunks.length);
            expect(result.data).toEqual(stop > chunks.length ? whole : Buffer.concat(chunks.slice(0, stop)));
          });
        },
      ),
    );
  });

  it('brings an error of the source to every reader that is still there', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunkings,
        fc.boolean(),
        fc.nat(8),
        fc.array(reader, { minLength: 1, maxLength: 4 }),
        async (chunks, async, failAt, readers) => {
          const branches = fanOut(new Source(chunks, async, Math.min(failAt, chunks.length)), readers.length);
          const ends = await Promise.allSettled(branches.map((b, i) => readSlowly(b, readers[i]?.pauses ?? [0])));
          for (const end of ends) {
            expect(end.status).toBe('rejected');
            expect(end.status === 'rejected' && (end.reason as unknown)).toBeInstanceOf(BodyAborted);
          }
          expect(() => branches[0]?.read()).toThrow('the source failed');
        },
      ),
    );
  });

  it('reads the next chunk only when all have asked for it, and then at once', async () => {
    const source = new Source([bytes('1'), bytes('2')], false);
    const [a, b] = fanOut(source, 2);
    const first = a?.read();
    expect(isPromise(first)).toBe(true);
    expect(source.reads).toBe(0);
    expect(b?.read()).toEqual(bytes('1'));
    expect(await first).toEqual(bytes('1'));
    expect(source.reads).toBe(1);
    const second = b?.read();
    expect(source.reads).toBe(1);
    expect(a?.read()).toEqual(bytes('2'));
    expect(await second).toEqual(bytes('2'));
  });

  it('is synchronous for a reader that is alone', () => {
    const [a, b] = fanOut(bodyOf([bytes('1'), bytes('2'), bytes('3')]), 2);
    b?.release();
    expect(a && drain(a)).toBe(3);
  });

  it('goes on for the others when a branch is released while they wait', async () => {
    for (const async of [false, true]) {
      const [a, b, c] = fanOut(new Source([bytes('1'), bytes('2')], async), 3);
      const done = Promise.all([a, b].map((branch) => branch && collect(branch)));
      c?.release();
      c?.release();
      expect(await done).toEqual([bytes('12'), bytes('12')]);
      expect(() => c?.read()).toThrow(BodyAborted);
    }
  });

  it('rejects the pending read of a branch that is released', async () => {
    const [a, b] = fanOut(new Source([bytes('1'), bytes('2')], false), 2);
    const pending = a?.read();
    a?.release();
    await expect(pending).rejects.toThrow(BodyAborted);
    expect(b && collect(b)).toEqual(bytes('12'));
  });

  it('survives a release while the source is being read', async () => {
    const [a, b] = fanOut(bodyOf(later([bytes('1'), bytes('2')])), 2);
    const first = a?.read();
    const second = b?.read();
    a?.release();
    await expect(first).rejects.toThrow(BodyAborted);
    expect(await second).toEqual(bytes('1'));
    expect(b && (await collect(b))).toEqual(bytes('2'));
  });

  it('fails those who wait if the source fails after a release', async () => {
    const [a, b] = fanOut(new Source([bytes('1')], false, 0), 2);
    const pending = a?.read();
    b?.release();
    await expect(pending).rejects.toThrow('the source failed');
  });

  it('releases a branch whose reader leaves a for await', async () => {
    const [a, b] = fanOut(new Source([bytes('1'), bytes('2')], true), 2);
    const all = b && collect(b);
    for await (const _ of a ?? []) break;
    expect(await all).toEqual(bytes('12'));
  });

  it('opens a held body once for each branch', async () => {
    const held = heldBytes(bytes('whole'));
    const open = jest.spyOn(held, 'open');
    const [a, b] = fanOut(bodyOfHeld(held), 2);
    expect(a?.held).toBe(held);
    expect(a && collect(a)).toEqual(bytes('whole'));
    expect(b && collect(b)).toEqual(bytes('whole'));
    expect(open).toHaveBeenCalledTimes(2);
  });
});
