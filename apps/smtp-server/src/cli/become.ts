/** Another user, for good. */
import { execFileSync } from 'node:child_process';
import { ConfigurationError } from '@mailverb/core';
import { reasonOf } from '../errors.js';

/** What is asked of the system; tests have another. */
export interface Identity {
  getuid(): number;
  initgroups(user: string, group: string | number): void;
  setgid(group: string | number): void;
  setuid(user: string): void;
  /** As `id` knows it: a user's own number (`-u`), and that of the group that it is in (`-g`). */
  idOf(user: string, which: '-u' | '-g'): number;
  /** Tries to be root again. Throws if that is refused. */
  regain(): void;
}

/**
 * Becomes `user`, with the group `group` or the user's own, and with no other groups than that user has.
 * @throws {ConfigurationError} if it can't be, or could be undone.
 */
export function become(identity: Identity | undefined, user: string, group: string | undefined): void {
  if (identity === undefined) throw problem('there are no such users on this system', user);
  let uid: number;
  try {
    uid = identity.idOf(user, '-u');
  } catch {
    throw problem(`there is no user of this name`, user);
  }
  if (identity.getuid() !== 0) {
    if (identity.getuid() === uid) return;
    throw problem('only root can become somebody else: expected to be started as root, or as this user', user);
  }
  // Who asks to stay root has nothing to give up, and has probably meant something else.
  if (uid === 0) throw problem('expected somebody else than root', user);
  try {
    const gid = group ?? identity.idOf(user, '-g');
    // Groups first: once the user is another, they can't be changed any more.
    identity.initgroups(user, gid);
    identity.setgid(gid);
    identity.setuid(user);
  } catch (error) {
    throw problem(`could not become this user: ${reasonOf(error)}`, user);
  }
  if (identity.getuid() !== uid || canRegain(identity)) {
    throw problem('became this user, and could be root again', user);
  }
}

function problem(message: string, value: string): ConfigurationError {
  return new ConfigurationError([{ path: 'user', message, value }]);
}

function canRegain(identity: Identity): boolean {
  try {
    identity.regain();
    return true;
  } catch {
    return false;
  }
}

/** This process's. Undefined on a system that has no users of that kind. */
export function processIdentity(): Identity | undefined {
  const { getuid, setgid, setuid } = process;
  // The types of Node do not know it.
  const initgroups: unknown = Reflect.get(process, 'initgroups');
  if (!getuid || !setgid || !setuid || typeof initgroups !== 'function') return undefined;
  return {
    getuid,
    initgroups: (user, group) => Reflect.apply(initgroups, process, [user, group]),
    setgid,
    setuid,
    // Node asks the system for names only where it sets them. An argument list, no shell; `--` as a name may begin with a dash.
    idOf: (user, which) =>
      Number(execFileSync('id', [which, '--', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    regain: () => setuid(0),
  };
}
