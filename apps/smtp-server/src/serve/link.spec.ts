import { Metrics, definePlugin, use, type PluginUse } from '@mailverb/contract';
import { createServer } from '@mailverb/core';
import { Lines } from '../testing/lines.js';
import { processLink } from './link.js';

const logger = new Lines();
const logs = logger.plugin;
const numbers = { contentType: 'text/plain', render: () => 'a 1\n' };
const counting = use(definePlugin({ name: 'counts', register: (contribute) => contribute.service(Metrics, numbers) }));

async function linked(plugins: readonly PluginUse[], counts: boolean) {
  const got: unknown[] = [];
  const link = processLink({ useLogger: (one) => got.push(one), useMetrics: (one) => got.push(one) }, counts);
  const server = await createServer({ hostname: 'mx.example.org', plugins: [...plugins, link], listeners: [] });
  return { got, server };
}

describe('what a process takes out of an assembly', () => {
  it('is the logger that the configuration has chosen, once it can write', async () => {
    const { got, server } = await linked([logs], false);
    expect(got).toEqual([]);
    await server.start();
    expect(got).toEqual([logger]);
    await server.stop();
  });

  it('and the numbers, if somebody counts', async () => {
    const { got, server } = await linked([logs, counting], true);
    await server.start();
    expect(got).toEqual([logger, numbers]);
    await server.stop();
  });
});
