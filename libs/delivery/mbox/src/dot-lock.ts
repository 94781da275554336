/**
 * Lock files: `<path>.lock`, made so that only one can make it. What mail readers, procmail and others do too, on any file system.
 *
 * A lock is stale, and is taken away, if it is old, or if the process that it names has ended. It may be taken away by two at once; so
 * it is first renamed, and put back if it turns out to be another one than the one that was judged.
 */
import type { Alarm, Clock } from '@mailverb/contract';
import { link, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** How often to look again whether a lock has gone. */
const LOOK_AGAIN_MS = 50;

/** Somebody else holds the lock, and did not let go in time. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** What a lock needs to know. */
export interface LockOptions {
  readonly clock: Clock;
  /** By the clock; after it there is one try and no wait. */
  readonly deadline: number;
  readonly staleAfterMs: number;
  /** Ends the wait: rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

let taken = 0;

/** Waits for the lock and takes it. Gives the function that lets go. @throws {LockTimeout} */
export async function lock(path: string, options: LockOptions): Promise<() => Promise<void>> {
  const { clock, deadline, signal } = options;
  while (!(await tryLock(path))) {
    if (await removeIfStale(path, options)) continue;
    signal.throwIfAborted();
    if (clock.now() >= deadline) throw new LockTimeout(`${path} is held by somebody else`);
    await pause(clock, Math.min(LOOK_AGAIN_MS, deadline - clock.now()), signal);
  }
  return () => removeFile(path);
}

async function tryLock(path: string): Promise<boolean> {
  let file;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.write(`${process.pid}\n${hostname()}\n`);
  } catch (error) {
    await removeFile(path);
    throw error;
  } finally {
    await file.close();
  }
  return true;
}

/** True if the lock has gone, and it is worth trying again at once. */
async function removeIfStale(path: string, { clock, staleAfterMs }: LockOptions): Promise<boolean> {
  try {
    const judged = await lstat(path);
    const old = clock.now() - judged.mtimeMs > staleAfterMs;
    if (!old && !isOrphan(await readFile(path, 'latin1'), judged.mtimeMs)) return false;
    taken += 1;
    const aside = `${path}.${process.pid}.${taken}`;
    await rename(path, aside);
    const { ino } = await lstat(aside);
    // Somebody was quicker, and this is his new lock: back with it, if there is not yet another.
    if (ino !== judged.ino) await link(aside, path).catch(() => undefined);
    await unlink(aside);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
}

/** True if the lock was written by a process on this host that is no more. Others write other things, or nothing: those are not judged. */
function isOrphan(content: string, since: number): boolean {
  const [number = '', host] = content.split('\n', 2);
  if (host !== hostname() || !/^[1-9]\d{0,9}$/.test(number)) return false;
  const pid = Number(number);
  // In a container every start has the same process id.
  if (pid === process.pid) return since < Date.now() - process.uptime() * 1000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let alarm: Alarm | undefined = undefined;
    const stop = () => {
      alarm?.cancel();
      reject(signal.reason);
    };
    alarm = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
