/** Telling a copy that stands still from one that waits for the client: only the first holds the others up. */
import { isPromise, type Alarm, type Body, type Clock, type HeldMessage, type MaybePromise } from '@mailverb/contract';
import { PulledBody } from '@mailverb/body';

/** How long a reader has had what it was given. */
export class Pace {
  /** Reads that have no answer yet. */
  private asking = 0;
  private given: number;

  constructor(private readonly clock: Clock) {
    this.given = clock.now();
  }

  /** Milliseconds since it was given something, or since its step began; 0 while it waits for more. */
  idle(): number {
    return this.asking > 0 ? 0 : this.clock.now() - this.given;
  }

  ask(): void {
    this.asking += 1;
  }

  give(): void {
    this.asking -= 1;
    this.given = this.clock.now();
  }
}

/** `body`, of which the pace is taken. A held one stays held. */
export class PacedBody extends PulledBody {
  constructor(
    private readonly body: Body,
    private readonly pace: Pace,
  ) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    const { pace } = this;
    pace.ask();
    let chunk: MaybePromise<Uint8Array | undefined>;
    try {
      chunk = this.body.read();
    } catch (error) {
      pace.give();
      throw error;
    }
    if (!isPromise(chunk)) {
      pace.give();
      return chunk;
    }
    return chunk.then(
      (value) => {
        pace.give();
        return value;
      },
      (error: unknown) => {
        pace.give();
        throw error;
      },
    );
  }

  override get held(): HeldMessage | undefined {
    const { held } = this.body;
    return held && { size: held.size, open: () => new PacedBody(held.open(), this.pace) };
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }
}

/** Waits for the end of `work`, but not while it is idle for `ms`. True if it came to its end, well or not. */
export function inTime(clock: Clock, ms: number, work: PromiseLike<unknown>, pace = new Pace(clock)): Promise<boolean> {
  return new Promise((resolve) => {
    let alarm: Alarm;
    const look = () => {
      const left = ms - pace.idle();
      if (left > 0) alarm = clock.after(left, look);
      else resolve(false);
    };
    alarm = clock.after(ms, look);
    const done = () => {
      alarm.cancel();
      resolve(true);
    };
    work.then(done, done);
  });
}
