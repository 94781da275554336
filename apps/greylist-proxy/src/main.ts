#!/usr/bin/env node
/** `node dist/main.js [file]`: runs the greylisting proxy until SIGTERM or SIGINT. Exit codes are those of sysexits.h: 78 for a configuration that is wrong. */
import { ConfigurationError, createServer, tuneHeap, type Server } from '@mailverb/core';
import { readConfiguration } from './configuration.js';
import { greylistPlan } from './greylist-plan.js';

const [file = 'greylist.yaml', ...more] = process.argv.slice(2);
if (more.length > 0 || file.startsWith('-')) {
  process.stderr.write('usage: main.js [file]; expected a configuration file, or none for ./greylist.yaml\n');
  process.exit(64);
}

tuneHeap();
let server: Server;
try {
  server = await createServer(greylistPlan(readConfiguration(file)));
  await server.start();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigurationError ? 78 : 1);
}
for (const { host, port } of server.addresses()) process.stderr.write(`listening on ${host}:${port}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void server.stop({ deadlineMs: 30_000 }));
}
