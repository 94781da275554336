/** `node dist/main.js [port]`: runs the sink until SIGTERM or SIGINT. */
import { createServer, tuneHeap } from '@mailverb/core';
import { sinkPlan } from './sink-plan.js';

const [argument = '2526'] = process.argv.slice(2);
if (!/^\d{1,5}$/.test(argument) || Number(argument) > 65_535) {
  process.stderr.write(`usage: main.js [port]; expected a port, not ${JSON.stringify(argument)}\n`);
  process.exit(64);
}

tuneHeap();
const server = await createServer(sinkPlan({ port: Number(argument) }));
try {
  await server.start();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
for (const { host, port } of server.addresses()) process.stdout.write(`listening on ${host}:${port}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void server.stop({ deadlineMs: 5000 }));
}
