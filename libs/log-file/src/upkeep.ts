/**
 * What all open logs of the process share: one handler of SIGUSR2 (reopen, for those who rotate logs) and one of the process's end (a last
 * flush, for a process that ends without stopping its server). Both are installed while there is something to do for them.
 */

/** One that is looked after. */
export interface Kept {
  /** Only for what can be reopened. */
  reopen?(): Promise<void>;
  flushSync(): void;
}

const kept = new Set<Kept>();
let reopenable = 0;

/** Looks after it from now on. */
export function keep(one: Kept): void {
  if (kept.has(one)) return;
  if (kept.size === 0) process.on('exit', flushAll);
  // A handler only where a file is open: without one, the signal does what it always did.
  if (one.reopen !== undefined && reopenable++ === 0) process.on('SIGUSR2', reopenAll);
  kept.add(one);
}

/** No longer. */
export function release(one: Kept): void {
  if (!kept.delete(one)) return;
  if (one.reopen !== undefined && --reopenable === 0) process.off('SIGUSR2', reopenAll);
  if (kept.size === 0) process.off('exit', flushAll);
}

function reopenAll(): void {
  for (const one of kept) void one.reopen?.();
}

function flushAll(): void {
  for (const one of kept) one.flushSync();
}
