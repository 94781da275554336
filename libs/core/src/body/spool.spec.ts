/** Messages that are held: all of them, in memory or in a file that nobody can find, and nothing of what failed. */
import { BodyAborted } from '@mailverb/contract';
import { bodyOf, collect } from '@mailverb/body';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { gate } from '../fixtures/clock.fixture.js';
import { Spool, type Hold, type SpoolOptions } from './spool.js';

const directory = mkdtempSync(join(tmpdir(), 'mailverb-spec-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => expect(readdirSync(directory)).toEqual([]));

const BLOCK = 64 * 1024;
const spool = (options: Partial<SpoolOptions> = {}) =>
  new Spool({ memory: BLOCK, totalMemory: 1024 * 1024, directory, ...options });

const random = (size: number, seed: number) =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * seed + (i >> 8)) & 255));

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

/** In a file: once it is released, it cannot be read. In memory it can, as nothing is taken away from who has it. */
async function inFile({ message, release }: Hold): Promise<boolean> {
  const body = message.open();
  release();
  release();
  return Promise.resolve(body.read()).then(
    () => false,
    () => true,
  );
}

describe('Spool', () => {
  it('holds every byte, whatever the size and the pieces, in memory up to the limit and in a file beyond', async () => {
    const sizes = fc.constantFrom(0, 1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17);
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 200_000 }), fc.boolean(), async (size, piece, async) => {
        const bytes = random(size, 7);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < size; at += Math.max(piece, size / 50)) {
          chunks.push(bytes.subarray(at, at + Math.max(piece, size / 50)));
        }
        const held = await spool().hold(async ? bodyOf(later(chunks)) : bodyOf(chunks));
        expect(held.message.size).toBe(size);
        expect(Buffer.compare(await collect(held.message.open()), bytes)).toBe(0);
        expect(await inFile(held)).toBe(size > BLOCK);
      }),
      { numRuns: 40 },
    );
  });

  it.each([100, 4 * BLOCK])('%p octets can be read as often as wanted, one after another and at once', async (size) => {
    const bytes = random(size, 3);
    const held = await spool().hold(bodyOf([bytes]));
    const bodies = [held.message.open(), held.message.open(), held.message.open()];
    for (const body of bodies) expect(body.held).toBe(held.message);
    const all = await Promise.all(bodies.map((body) => collect(body)));
    for (const one of [...all, await collect(held.message.open())]) expect(Buffer.compare(one, bytes)).toBe(0);
    held.release();
  });

  it('keeps no chunk that it was given: it is only good until the next', async () => {
    const shared = Buffer.alloc(2);
    const reused = bodyOf(
      (function* () {
        for (const pair of ['ab', 'cd', 'ef']) {
          shared.write(pair);
          yield shared;
        }
      })(),
    );
    const held = await spool().hold(reused);
    expect(Buffer.from(await collect(held.message.open())).toString()).toBe('abcdef');
  });

  it('does not let all messages together take more memory than they may', async () => {
    const small = spool({ memory: 10 * BLOCK, totalMemory: 3 * BLOCK });
    const hold = () => small.hold(bodyOf([random(2 * BLOCK, 5)]));
    const [first, second] = [await hold(), await hold()];
    expect(await inFile(second)).toBe(true);
    expect(await inFile(first)).toBe(false);
    expect(await inFile(await hold())).toBe(false);
  });

  it.each([
    ['at once', 0, BLOCK],
    ['in memory', 2 * BLOCK, 10 * BLOCK],
    ['in a file', 3 * BLOCK, BLOCK],
  ])('a body that fails %s leaves nothing, and its failure is told', async (_, size, memory) => {
    const small = spool({ memory, totalMemory: 2 * BLOCK });
    const failing = bodyOf(
      (async function* () {
        if (size > 0) yield random(size, 5);
        throw new BodyAborted('client has gone');
      })(),
    );
    await expect(small.hold(failing)).rejects.toThrow(new BodyAborted('client has gone'));
    // Nothing of it is counted any more either.
    expect(await inFile(await small.hold(bodyOf([random(Math.min(memory, 2 * BLOCK), 5)])))).toBe(false);
  });

  it('a message that is still coming counts', async () => {
    const small = spool({ memory: 10 * BLOCK, totalMemory: 2 * BLOCK });
    const rest = gate<void>();
    const slow = small.hold(
      bodyOf(
        (async function* () {
          yield random(2 * BLOCK, 5);
          await rest.promise;
        })(),
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    const second = await small.hold(bodyOf([random(2 * BLOCK, 5)]));
    rest.open();
    expect(await inFile(second)).toBe(true);
    expect(await inFile(await slow)).toBe(false);
  });

  it('tells when there is nowhere to hold it', async () => {
    const nowhere = spool({ directory: join(directory, 'not-there') });
    await expect(nowhere.hold(bodyOf([random(3 * BLOCK, 5)]))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
