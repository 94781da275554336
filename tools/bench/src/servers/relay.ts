/** Server process: apps/sink with the relay in the place of its delivery. The argument is the port of the next hop. */
// First: core brings reflect-metadata, which decorated plugins need when they are loaded.
import { runAssembled } from './assembled.js';
import { use } from '@mailverb/contract';
import { relayPlugin } from '@mailverb/delivery-relay';
import { sinkPlan } from '@mailverb/sink';

const [upstream = '0'] = process.argv.slice(2);
const plan = sinkPlan({ port: 0 });

await runAssembled({
  ...plan,
  listeners: plan.listeners.map((listener) => ({
    ...listener,
    delivery: use(relayPlugin, {
      host: '127.0.0.1',
      port: Number(upstream),
      tls: { mode: 'none' },
      pool: { connections: 500, messages: 1_000_000 },
    }),
    minimumDurability: 'remote' as const,
  })),
});
