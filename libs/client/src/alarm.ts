/**
 * One deadline that moves: set for every command, and nearly always taken back. It costs a timer only where the new one is sooner than the one that is set;
 * a timer that rings too early is set anew for the rest.
 */
import type { Alarm, Clock } from '@mailverb/contract';

export class MovingAlarm {
  private alarm: Alarm | undefined = undefined;
  private ringsAt = 0;
  private deadline = 0;

  constructor(
    private readonly clock: Clock,
    private readonly expired: () => void,
  ) {}

  /** From now on there are `ms` milliseconds. */
  set(ms: number): void {
    const now = this.clock.now();
    this.deadline = now + ms;
    if (this.alarm !== undefined && this.ringsAt <= this.deadline) return;
    this.alarm?.cancel();
    this.arm(now);
  }

  /** Nothing is waited for. */
  clear(): void {
    this.deadline = 0;
  }

  /** For good. */
  stop(): void {
    this.deadline = 0;
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  private arm(now: number): void {
    this.ringsAt = this.deadline;
    this.alarm = this.clock.after(this.deadline - now, () => this.rang());
  }

  private rang(): void {
    this.alarm = undefined;
    if (this.deadline === 0) return;
    const now = this.clock.now();
    if (now < this.deadline) return this.arm(now);
    this.deadline = 0;
    this.expired();
  }
}
