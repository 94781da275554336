/** One after another, for each name. */

/** Whose turn it is. */
export class Turns {
  /** The last in each row. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does `work` once all those of this name that came before have settled, well or not. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const done = before === undefined ? work() : before.then(work, work);
    this.#last.set(name, done);
    try {
      return await done;
    } finally {
      // Nothing is kept of a name that nobody waits for.
      if (this.#last.get(name) === done) this.#last.delete(name);
    }
  }
}
