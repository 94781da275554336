/**
 * Lock files: `<path>.lock`, made so that only one can make it. What mail readers, procmail and others do too, on any file system.
 *
 * A lock is stale, and is taken away, if it is old, or if the process that it names has ended. Two who find it stale must not both take
 * it away, because the second would take away the new lock of the first. So it is judged and removed under a second lock, `<path>.lock.stale`,
 * and nobody removes a lock by its name alone: an inode is used again at once, so what a lock says is looked at too.
 */
import type { Alarm, Clock } from '@mailverb/contract';
import { randomBytes } from 'node:crypto';
import { lstat, open, readFile, unlink } from 'node:fs/promises';
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

/** Waits for the lock and takes it. Gives the function that lets go. @throws {LockTimeout} */
export async function lock(path: string, options: LockOptions): Promise<() => Promise<void>> {
  const { clock, deadline, signal } = options;
  for (;;) {
    const own = await tryLock(path);
    if (own !== undefined) return () => unlock(path, own);
    if (await removeIfStale(path, options)) continue;
    signal.throwIfAborted();
    if (clock.now() >= deadline) throw new LockTimeout(`${path} is held by somebody else`);
    await pause(clock, Math.min(LOOK_AGAIN_MS, deadline - clock.now()), signal);
  }
}

/** Gives what the lock says, which no other lock does; undefined if somebody else has it. */
async function tryLock(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  // Others read the process id at most. The last line tells our locks apart.
  const content = `${process.pid}\n${hostname()}\n${randomBytes(9).toString('hex')}\n`;
  try {
    await file.write(content);
  } catch (error) {
    await removeFile(path);
    throw error;
  } finally {
    await file.close();
  }
  return content;
}

/** Removes our lock. If it was taken away, and somebody else has the lock now, that one stays. */
async function unlock(path: string, own: string): Promise<void> {
  if ((await contentOf(path)) === own) await removeFile(path);
}

/** True if the lock has gone, and it is worth trying again at once. */
async function removeIfStale(path: string, options: LockOptions): Promise<boolean> {
  // Most locks are alive: the second lock is for those that are not.
  const state = await judge(path, options);
  if (state !== 'stale') return state === 'gone';
  const guard = `${path}.stale`;
  const own = await tryLock(guard);
  if (own === undefined) {
    // It is held for a few file operations. Whoever left it has ended in the middle of them.
    if ((await judge(guard, options)) === 'stale') await removeFile(guard);
    return false;
  }
  try {
    // Again: until now somebody else may have removed it, and have made his own.
    if ((await judge(path, options)) === 'stale') await removeFile(path);
    return true;
  } finally {
    await unlock(guard, own);
  }
}

/** Whether a lock is there, and whether somebody holds it. */
async function judge(path: string, { clock, staleAfterMs }: LockOptions): Promise<'gone' | 'held' | 'stale'> {
  try {
    if (clock.now() - (await lstat(path)).mtimeMs > staleAfterMs) return 'stale';
    // One file: what it says and its age must not come from two locks.
    const file = await open(path, 'r');
    try {
      const { mtimeMs } = await file.stat();
      return isOrphan(await file.readFile('latin1'), mtimeMs) ? 'stale' : 'held';
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'gone';
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

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
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
