/**
 * Where sessions wait. Bounded in every way: each wait by `longest`, those of a session by `total`, and how many wait at once by `sessions`, since who
 * waits costs a connection and an alarm, and whoever wants to be a burden must not do so by being delayed. Beyond the bound nobody waits.
 */
import { slot, type Alarm, type Clock, type Session } from '@mailverb/contract';

const waited = slot<number>('policy-delay:waited', 'connection', { survivesTls: true });

/** The bounds. */
export interface Bounds {
  readonly longest: number;
  readonly total: number;
  readonly sessions: number;
}

/** All sessions of this process that wait. */
export class WaitingRoom {
  #waiting = 0;

  constructor(
    private readonly bounds: Bounds,
    private readonly clock: Clock,
  ) {}

  /** How many there are. */
  get waiting(): number {
    return this.#waiting;
  }

  /** For how long this session would wait now; 0 where it would not. */
  allowed(session: Session, ms: number): number {
    const { longest, total, sessions } = this.bounds;
    if (this.#waiting >= sessions) return 0;
    return Math.min(ms, longest, Math.max(0, total - (session.get(waited) ?? 0)));
  }

  /** Waits. Rejects, and lets go of everything, when the client has gone or the time is up. */
  wait(session: Session, ms: number, signal: AbortSignal): Promise<void> {
    session.set(waited, (session.get(waited) ?? 0) + ms);
    return new Promise((resolve, reject) => {
      let alarm: Alarm | undefined = undefined;
      const leave = (): void => {
        this.#waiting -= 1;
        signal.removeEventListener('abort', gone);
      };
      const gone = (): void => {
        alarm?.cancel();
        leave();
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      this.#waiting += 1;
      signal.addEventListener('abort', gone);
      alarm = this.clock.after(ms, () => {
        leave();
        resolve();
      });
    });
  }
}
