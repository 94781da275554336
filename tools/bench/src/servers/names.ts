/** The servers that can be measured, by name. */
import { Remote } from '../process/remote.js';
import type { Listening, ServerCalls } from './host.js';

/** In this order; the first is what the others are measured against. */
export const SERVER_NAMES = ['raw', 'smtp-server'] as const;

export type ServerName = (typeof SERVER_NAMES)[number];

/** A server in a process of its own. */
export interface RunningServer {
  readonly name: ServerName;
  readonly port: number;
  readonly process: Remote<ServerCalls, Listening>;
}

/** Starts a server on the loopback address and any free port. @param args for the server's own entry file. */
export async function startServer(name: ServerName, args: readonly string[] = []): Promise<RunningServer> {
  const remote = await Remote.start<ServerCalls, Listening>(new URL(`./${name}.js`, import.meta.url), args);
  return { name, port: (await remote.ready).port, process: remote };
}
