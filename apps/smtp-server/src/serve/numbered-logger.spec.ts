import { definePlugin, use, type Logger } from '@mailverb/contract';
import { createServer } from '@mailverb/core';
import { Lines } from '../testing/lines.js';
import { processLink } from './link.js';
import { numbered } from './numbered-logger.js';

describe('the logger of one of several processes', () => {
  it('says whose lines they are, also of plugins and children', async () => {
    const lines = new Lines();
    const started: string[] = [];
    const speaker = definePlugin({
      name: 'speaker',
      register(contribute) {
        contribute.onStart(() => void started.push('speaker'));
      },
    });
    const plan = { hostname: 'mx.example.org', plugins: [lines.plugin, use(speaker)], listeners: [] };
    let logger: Logger | undefined;
    const link = processLink({ useLogger: (one) => (logger = one), useMetrics: () => undefined }, false);
    const server = await createServer(numbered({ ...plan, plugins: [...plan.plugins, link] }, 3));
    await server.start();
    logger?.info({ a: 1 }, 'hello');
    logger?.child({ b: 2 }).error({}, 'child');
    for (const level of ['trace', 'debug', 'warn', 'fatal'] as const) logger?.[level]({}, level);
    await server.stop();
    expect(started).toEqual(['speaker']);
    expect(lines.all.slice(0, 2)).toEqual([
      { level: 'info', message: 'hello', fields: { worker: 3, a: 1 } },
      { level: 'error', message: 'child', fields: { worker: 3, b: 2 } },
    ]);
    expect(lines.all.slice(2).map(({ level, fields }) => [level, fields['worker']])).toEqual([
      ['trace', 3],
      ['debug', 3],
      ['warn', 3],
      ['fatal', 3],
    ]);
    expect(logger?.enabled('trace')).toBe(true);
  });
});
