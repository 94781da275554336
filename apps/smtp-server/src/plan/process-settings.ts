/** What a configuration says about processes: it is for the start, and not for the servers that a reload makes. */
import type { CheckedConfiguration } from '../configuration/shape.js';

/** See {@link CheckedConfiguration}. */
export interface ProcessSettings {
  /** 1 for a server without workers. */
  readonly processes: number;
  readonly health: { readonly host: string; readonly port: number } | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
}

const LOOPBACK = '127.0.0.1';

/** @param processors what `auto` stands for. */
export function processSettings(checked: CheckedConfiguration | undefined, processors: number): ProcessSettings {
  const { processes = 1, health, user, group } = checked ?? {};
  return {
    processes: processes === 'auto' ? Math.max(1, processors) : processes,
    health: health && { host: health.host ?? LOOPBACK, port: health.port },
    user,
    group,
  };
}

/** What is said when a reload finds other settings. */
export const START_ONLY =
  'processes, health, user and group are read at the start only: what has changed there is not in use';

/** True if a process that was started with the one need not be started anew for the other. */
export function sameSettings(one: ProcessSettings, other: ProcessSettings): boolean {
  return (
    one.processes === other.processes &&
    one.health?.host === other.health?.host &&
    one.health?.port === other.health?.port &&
    one.user === other.user &&
    one.group === other.group
  );
}
