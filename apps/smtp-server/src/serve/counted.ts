/** The connections of all workers, counted in the primary process. What a dead worker had is forgotten with it. */
import { LocalAdmission, type AdmissionLimits, type Refused } from '@mailverb/core';

export class CountedWorkers {
  private readonly admission = new LocalAdmission();
  /** Connections by worker, listener and network. */
  private readonly open = new Map<
    number,
    Map<string, { readonly listener: string; readonly network: string; count: number }>
  >();

  enter(worker: number, listener: string, network: string, limits: AdmissionLimits): Refused | undefined {
    const refused = this.admission.enter(listener, network, limits);
    if (refused !== undefined) return refused;
    let counts = this.open.get(worker);
    if (counts === undefined) this.open.set(worker, (counts = new Map()));
    const key = keyOf(listener, network);
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { listener, network, count: 1 });
    else entry.count += 1;
    return undefined;
  }

  leave(worker: number, listener: string, network: string): void {
    const counts = this.open.get(worker);
    const key = keyOf(listener, network);
    const entry = counts?.get(key);
    // Of one that was not let in, or was forgotten: it is not counted twice.
    if (counts === undefined || entry === undefined) return;
    this.admission.leave(listener, network);
    entry.count -= 1;
    if (entry.count === 0) counts.delete(key);
  }

  /** The worker is gone, and its connections with it. */
  forget(worker: number): void {
    for (const { listener, network, count } of this.open.get(worker)?.values() ?? []) {
      for (let i = 0; i < count; i++) this.admission.leave(listener, network);
    }
    this.open.delete(worker);
  }
}

/** A network has no line end; a listener's name may have anything in it. */
function keyOf(listener: string, network: string): string {
  return `${network}\n${listener}`;
}
