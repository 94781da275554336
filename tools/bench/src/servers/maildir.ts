/** Server process: apps/sink with a Maildir in the place of its delivery. The argument is the Maildir's folder. */
// First: core brings reflect-metadata, which decorated plugins need when they are loaded.
import { runAssembled } from './assembled.js';
import { use } from '@mailverb/contract';
import { maildirPlugin } from '@mailverb/delivery-maildir';
import { sinkPlan } from '@mailverb/sink';

const [path = ''] = process.argv.slice(2);
const plan = sinkPlan({ port: 0 });

await runAssembled({
  ...plan,
  listeners: plan.listeners.map((listener) => ({
    ...listener,
    delivery: use(maildirPlugin, { path }),
    minimumDurability: 'disk' as const,
  })),
});
