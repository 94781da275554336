/** Cuts what the client sends into writes. */
import type { Manner } from './conversation.js';

/** Numbers in [0, 1) from a seed: Marsaglia's xorshift with 32 bits, as good as splits need. */
export function randomNumbers(seed: number): () => number {
  let state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The pieces of `bytes`, in order, in this manner. Random pieces are mostly short, because borders are where parsers break. */
export function* cut(bytes: Buffer, how: Manner, random: () => number): Generator<Buffer> {
  if (how === 'whole') {
    yield bytes;
    return;
  }
  for (let at = 0; at < bytes.length;) {
    const most = how === 'bytes' ? 1 : random() < 0.7 ? 8 : 4096;
    const size = 1 + Math.floor(random() * most);
    yield bytes.subarray(at, at + (how === 'bytes' ? 1 : size));
    at += how === 'bytes' ? 1 : size;
  }
}
