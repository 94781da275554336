/**
 * Server process: apps/sink with the live proxy in the place of its delivery. Arguments: the port of the server behind, and how long connections to it are
 * kept (`0` for not at all).
 */
// First: core brings reflect-metadata, which decorated plugins need when they are loaded.
import { runAssembled } from './assembled.js';
import { use } from '@mailverb/contract';
import { proxyPlugin } from '@mailverb/proxy-smtp';
import { sinkPlan } from '@mailverb/sink';

const [upstream = '0', idle = '30s'] = process.argv.slice(2);
const plan = sinkPlan({ port: 0 });

await runAssembled({
  ...plan,
  listeners: plan.listeners.map((listener) => ({
    ...listener,
    delivery: use(proxyPlugin, {
      host: '127.0.0.1',
      port: Number(upstream),
      tls: { mode: 'none' },
      pool: { idle: idle === '0' ? 0 : idle, connections: 500, messages: 1_000_000 },
    }),
    minimumDurability: 'remote' as const,
  })),
});
