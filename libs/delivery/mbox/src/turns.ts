/** One after another: whoever wants a file waits until those who came before are done, in this process. */

/** The end of the queue of each path. Shared by all instances, because two of them may have the same file. */
const tails = new Map<string, Promise<unknown>>();

/** Runs `operation` when it is its turn. */
export function inTurn<T>(path: string, operation: () => Promise<T>): Promise<T> {
  const before = tails.get(path) ?? Promise.resolve();
  const mine = before.then(operation);
  const tail = mine.then(
    () => undefined,
    () => undefined,
  );
  tails.set(path, tail);
  void tail.then(() => {
    if (tails.get(path) === tail) tails.delete(path);
  });
  return mine;
}
