/**
 * One timer for all sessions: once a second it looks at each and asks whether its time is up. A timer for each session and command would cost
 * more than the commands; a second more or less does not matter to any timeout of RFC 5321 4.5.3.2.
 */
import type { Alarm, Clock } from '@mailverb/contract';

const INTERVAL_MS = 1000;

/** Whoever has deadlines. */
export interface Swept {
  sweep(now: number): void;
}

/** Looks at its members once a second while there are any. */
export class Sweeper {
  /** Milliseconds, as of the last look: good enough for deadlines, and free. */
  now: number;
  private readonly members = new Set<Swept>();
  private alarm: Alarm | undefined = undefined;

  constructor(private readonly clock: Clock) {
    this.now = clock.now();
  }

  add(member: Swept): void {
    this.members.add(member);
    if (this.alarm !== undefined) return;
    this.now = this.clock.now();
    this.arm();
  }

  delete(member: Swept): void {
    this.members.delete(member);
    if (this.members.size > 0) return;
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  private arm(): void {
    this.alarm = this.clock.after(INTERVAL_MS, () => {
      this.now = this.clock.now();
      this.arm();
      for (const member of this.members) member.sweep(this.now);
    });
  }
}
