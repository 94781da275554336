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
