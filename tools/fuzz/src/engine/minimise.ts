/** Makes a failing input small: leaves out what can be left out, and makes plain what can be plain. */

/** Attempts, so that a slow target does not take all the time there is. */
const MOST_ATTEMPTS = 3000;
const PLAIN = 'a'.charCodeAt(0);

/** @param fails true if the input still fails, in the same way. */
export async function minimise(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
  mostAttempts = MOST_ATTEMPTS,
): Promise<Uint8Array> {
  let best = input;
  let attempts = 0;
  const better = async (candidate: Uint8Array): Promise<boolean> => {
    if (attempts++ >= mostAttempts || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  let progress = true;
  while (progress && attempts < mostAttempts) {
    progress = false;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      for (let at = 0; at < best.length && attempts < mostAttempts;) {
        if (await better(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]))) progress = true;
        else at += size;
      }
    }
  }
  for (let at = 0; at < best.length && attempts < mostAttempts; at++) {
    if (best[at] === PLAIN) continue;
    const candidate = Uint8Array.from(best);
    candidate[at] = PLAIN;
    await better(candidate);
  }
  return best;
}
