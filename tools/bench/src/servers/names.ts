/** The servers that can be measured, by name. */
import { Remote } from '../process/remote.js';
import type { Load } from '../scenarios.js';
import type { Listening, ServerCalls } from './host.js';

/** In this order; the first is what the others are measured against. */
export const SERVER_NAMES = ['raw', 'sink', 'smtp-server'] as const;

export type ServerName = (typeof SERVER_NAMES)[number];

/** A server in a process of its own. */
export interface RunningServer {
  readonly port: number;
  readonly process: Remote<ServerCalls, Listening>;
}

/** What a server process is started with. */
export interface Start {
  /** For its own entry file. */
  readonly args?: readonly string[];
  /** For node: the same for all servers of a comparison. */
  readonly nodeFlags?: readonly string[];
}

/** Starts a server on the loopback address and any free port. */
export async function startServer(
  name: ServerName | 'maildir',
  { args, nodeFlags }: Start = {},
): Promise<RunningServer> {
  const file = new URL(`./${name}.js`, import.meta.url);
  const remote = await Remote.start<ServerCalls, Listening>(file, args, nodeFlags);
  return { port: (await remote.ready).port, process: remote };
}

/**
 * How many connections at once keep a server busy. smtp-server holds each greeting back for 100 ms, so with few messages in a connection it
 * needs many more of them; else it would idle, and idling costs CPU time for each message.
 */
export function connectionsFor(name: ServerName, load: Load, connections: number): number {
  return name === 'smtp-server' && load.perConnection <= 10 ? connections * 20 : connections;
}
