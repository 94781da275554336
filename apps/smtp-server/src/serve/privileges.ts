/**
 * From root to nobody in particular, for who has to start as root to open ports below 1024. (Better not to start as root at all: with systemd,
 * CAP_NET_BIND_SERVICE or socket activation.)
 *
 * Plugins are started by whom the server becomes, so that the files that they make are its own: before that only the ports are opened, by a
 * server that lets nobody in, and handed over.
 */
import type { Admission, Server, ServerPlan } from '@mailverb/core';
import type { Io } from '../cli/io.js';
import type { ProcessSettings } from '../plan/process-settings.js';

/** What of a start depends on it. */
export interface Prepared {
  readonly start: { readonly takeOver?: Server };
  /** To be called when the server has started. */
  done(): void;
}

const UNPRIVILEGED_PORT = 1024;

/** Who comes before the server has started hears 421 and comes again. */
const NOBODY_YET: Admission = { enter: () => 'connections', leave: () => undefined };

/** Becomes `user`, if the configuration says so. Rejects if that is not possible, or not for good. */
export async function giveUpPrivileges(
  { user, group }: Pick<ProcessSettings, 'user' | 'group'>,
  plan: ServerPlan,
  io: Io,
): Promise<Prepared> {
  const nothing = { start: {}, done: () => undefined };
  if (user === undefined) return nothing;
  // One of several opens no ports itself: whoever has started it does.
  if (io.worker !== undefined || !io.privileged) {
    io.become(user, group);
    return nothing;
  }
  const listeners = plan.listeners
    .filter(({ port }) => port !== undefined && port > 0 && port < UNPRIVILEGED_PORT)
    .map(({ name, host, port, configPath }) => ({ name, host, port, configPath, plugins: [] }));
  const opened = await io.createServer({ hostname: plan.hostname, listeners, admission: NOBODY_YET });
  await opened.start();
  try {
    io.become(user, group);
  } catch (error) {
    await opened.stop();
    throw error;
  }
  return { start: { takeOver: opened }, done: () => void opened.stop() };
}
