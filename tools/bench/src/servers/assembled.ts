/** What the server processes that are made of this repository have in common: build, start, be measured. */
import { createServer, tuneHeap, type ServerPlan } from '@mailverb/core';
import { serveBench } from './host.js';

/** Starts the plan's one listener and answers the runner from then on. */
export async function runAssembled(plan: ServerPlan): Promise<void> {
  // As apps/sink does; smtp-server does not, for its memory bounds.
  tuneHeap();
  const server = await createServer(plan);
  await server.start();
  const port = server.addresses()[0]?.port;
  if (port === undefined) throw new Error('the plan has no listener with a port');
  serveBench(port);
}
