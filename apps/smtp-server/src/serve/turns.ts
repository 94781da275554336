/** Does something one time after the other. Asked again while one time waits for its turn, that one will do. */
export class Turns<T> {
  /** What is under way. */
  private running: Promise<unknown> = Promise.resolve();
  private queued: Promise<T> | undefined;

  constructor(private readonly task: () => Promise<T>) {}

  /** Lets the first turn wait for something. */
  after(before: Promise<unknown>): void {
    this.running = before.catch(() => undefined);
  }

  take(): Promise<T> {
    if (this.queued !== undefined) return this.queued;
    const turn = this.running.then(() => {
      this.queued = undefined;
      return this.task();
    });
    this.queued = turn;
    this.running = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when nothing is under way any more. */
  async over(): Promise<void> {
    for (let seen: unknown; seen !== this.running;) {
      seen = this.running;
      await this.running;
    }
  }
}
