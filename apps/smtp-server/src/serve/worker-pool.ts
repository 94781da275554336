/**
 * The workers: so many are started and kept going. One that ends without being told to is replaced, at once if it has lived, later and later if
 * it has not; that is never given up.
 */
import type { Clock, Alarm } from '@mailverb/contract';
import type { BoundAddress } from '@mailverb/core';
import { CountedWorkers } from './counted.js';
import type { Page } from './page.js';
import type { Order, Report, StartWorker, WorkerEnd, WorkerProcess } from './worker.js';

/** Whoever wants to know. */
export interface PoolWatcher {
  /** A worker is there again. */
  replaced(slot: number, pid: number | undefined): void;
  /** A worker has ended without being told to; another one comes in so many milliseconds. */
  lost(slot: number, end: WorkerEnd, againInMs: number): void;
  /** One could not even be started; it will be tried again. */
  failed(slot: number, error: unknown, againInMs: number): void;
}

/** The first wait, and the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** A worker that has lived so long was well: the next wait is the first again. */
const WELL_MS = 60_000;
/** How long a worker may think about its numbers. */
const METRICS_MS = 2000;
/** What a worker may take beyond the deadline before it is ended. */
const GRACE_MS = 10_000;

interface Slot {
  readonly number: number;
  worker: WorkerProcess | undefined;
  ready: boolean;
  startedAt: number;
  waitMs: number;
  alarm: Alarm | undefined;
  /** While it is started. */
  launching: Promise<void> | undefined;
  /** Called when it is ready, or has ended before it was. */
  settled: ((end: WorkerEnd | undefined) => void) | undefined;
  reloaded: ((ok: boolean) => void) | undefined;
  ended: (() => void) | undefined;
}

export class WorkerPool {
  private readonly slots: readonly Slot[];
  private readonly counted = new CountedWorkers();
  private readonly pages = new Map<number, (page: Page | undefined) => void>();
  private ids = 0;
  private ending = false;
  private stopping: Promise<boolean> | undefined;
  private unclean = false;
  restarts = 0;
  /** Where they listen: the same for all. */
  addresses: readonly BoundAddress[] = [];

  constructor(
    processes: number,
    private readonly startWorker: StartWorker,
    private readonly clock: Clock,
    private readonly watcher: PoolWatcher,
  ) {
    this.slots = Array.from({ length: processes }, (_, i) => ({
      number: i + 1,
      worker: undefined,
      ready: false,
      startedAt: 0,
      waitMs: FIRST_WAIT_MS,
      alarm: undefined,
      launching: undefined,
      settled: undefined,
      reloaded: undefined,
      ended: undefined,
    }));
  }

  /** Those that serve. */
  get ready(): number {
    return this.slots.filter(({ ready }) => ready).length;
  }

  /** Those that are there, whether they serve already or not. */
  get alive(): number {
    return this.slots.filter(({ worker }) => worker !== undefined).length;
  }

  /**
   * Starts all: the first alone, so that what is wrong is said once. Undefined when all serve; else how one has ended that could not, and no
   * other is started any more.
   */
  async start(): Promise<WorkerEnd | undefined> {
    const [first, ...others] = this.slots;
    if (first === undefined) return undefined;
    const failed = await this.first(first);
    if (failed !== undefined || this.ending) return failed;
    const ends = await Promise.all(others.map((slot) => this.first(slot)));
    return ends.find((end) => end !== undefined);
  }

  /** One after the other. If the first can't use the new configuration the others are not asked to. Resolves to whether all use it. */
  async reload(failed: (slot: number) => void): Promise<boolean> {
    let all = true;
    let asked = 0;
    for (const slot of this.slots) {
      if (!slot.ready || this.ending) continue;
      const ok = await new Promise<boolean>((resolve) => {
        slot.reloaded = resolve;
        slot.worker?.send({ type: 'reload' });
      });
      asked += 1;
      if (ok) continue;
      failed(slot.number);
      if (asked === 1) return false;
      all = false;
    }
    return all;
  }

  /** Tells all that are there. */
  tell(order: Order): void {
    for (const { worker } of this.slots) worker?.send(order);
  }

  /** The numbers of all that serve; of those that do not answer in time none. */
  async metrics(): Promise<readonly { readonly worker: number; readonly page: Page }[]> {
    const asked = this.slots.map(async (slot) => ({ worker: slot.number, page: await this.pageOf(slot) }));
    return (await Promise.all(asked)).flatMap(({ worker, page }) => (page === undefined ? [] : [{ worker, page }]));
  }

  /** Lets them finish; whoever is not done long after the deadline is ended. Resolves to whether all were done. */
  stop(deadlineMs: number): Promise<boolean> {
    return (this.stopping ??= this.stopOnce(deadlineMs));
  }

  private async stopOnce(deadlineMs: number): Promise<boolean> {
    this.ending = true;
    const alarm = this.clock.after(deadlineMs + GRACE_MS, () => this.kill());
    await Promise.all(this.slots.map((slot) => this.stopSlot(slot)));
    alarm.cancel();
    return !this.unclean;
  }

  private async stopSlot(slot: Slot): Promise<void> {
    slot.alarm?.cancel();
    await slot.launching?.catch(() => undefined);
    if (slot.worker === undefined) return;
    const ended = new Promise<void>((resolve) => (slot.ended = resolve));
    slot.worker.send({ type: 'stop' });
    await ended;
  }

  /** Ends all, now. */
  kill(): void {
    this.ending = true;
    for (const { worker } of this.slots) worker?.kill();
  }

  /** Starts one for the first time: undefined once it serves. */
  private first(slot: Slot): Promise<WorkerEnd | undefined> {
    return new Promise((resolve, reject) => {
      slot.settled = resolve;
      this.launch(slot).catch(reject);
    });
  }

  private launch(slot: Slot): Promise<void> {
    slot.alarm = undefined;
    slot.launching = this.startWorker(slot.number)
      .then((worker) => {
        slot.worker = worker;
        slot.startedAt = this.clock.now();
        worker.onReport((report) => this.onReport(slot, report));
        worker.onExit((end) => this.onExit(slot, end));
      })
      .finally(() => (slot.launching = undefined));
    return slot.launching;
  }

  private onReport(slot: Slot, report: Report): void {
    const { counted } = this;
    switch (report.type) {
      case 'ready': {
        slot.ready = true;
        this.addresses = report.addresses;
        const { settled } = slot;
        slot.settled = undefined;
        if (settled === undefined) this.watcher.replaced(slot.number, slot.worker?.pid);
        else settled(undefined);
        return;
      }
      case 'connections': {
        for (const { listener, network } of report.left) counted.leave(slot.number, listener, network);
        if (report.entering.length === 0) return;
        const answers = report.entering.map(({ id, listener, network, limits }) => ({
          id,
          refused: counted.enter(slot.number, listener, network, limits) ?? null,
        }));
        slot.worker?.send({ type: 'entered', answers });
        return;
      }
      case 'reloaded':
        this.settleReload(slot, report.ok);
        return;
      case 'metrics':
        this.pages.get(report.id)?.(report.page ?? undefined);
        return;
      case 'stopping':
        slot.ready = false;
    }
  }

  private onExit(slot: Slot, end: WorkerEnd): void {
    const lived = this.clock.now() - slot.startedAt;
    slot.worker = undefined;
    slot.ready = false;
    this.counted.forget(slot.number);
    this.settleReload(slot, false);
    if (this.ending) {
      // Who has never served had nothing to finish: it may have failed because the sockets were being closed.
      if (end.code !== 0 && slot.settled === undefined) this.unclean = true;
      slot.ended?.();
    }
    if (slot.settled !== undefined) {
      slot.settled(end);
      slot.settled = undefined;
    } else if (!this.ending) {
      this.restarts += 1;
      if (lived >= WELL_MS) slot.waitMs = FIRST_WAIT_MS;
      this.again(slot, (waitMs) => this.watcher.lost(slot.number, end, waitMs));
    }
  }

  private again(slot: Slot, tell: (waitMs: number) => void): void {
    const { waitMs } = slot;
    slot.waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    tell(waitMs);
    slot.alarm = this.clock.after(waitMs, () => {
      this.launch(slot).catch((error: unknown) => {
        if (!this.ending) this.again(slot, (next) => this.watcher.failed(slot.number, error, next));
      });
    });
  }

  private settleReload(slot: Slot, ok: boolean): void {
    slot.reloaded?.(ok);
    slot.reloaded = undefined;
  }

  private pageOf({ worker, ready }: Slot): Promise<Page | undefined> {
    if (worker === undefined || !ready) return Promise.resolve(undefined);
    const id = ++this.ids;
    return new Promise<Page | undefined>((resolve) => {
      const alarm = this.clock.after(METRICS_MS, () => resolve(undefined));
      this.pages.set(id, (page) => {
        alarm.cancel();
        resolve(page);
      });
      worker.send({ type: 'metrics', id });
    }).finally(() => this.pages.delete(id));
  }
}
