/** The metrics observer in a server: that events come as it counts on, and that numbers outlive an assembly. */
import { Metrics, definePlugin, token, use, type Metrics as MetricsService } from '@mailverb/contract';
import { acceptEverybody, plainVerbs, testServer } from '@mailverb/testing';
import { inject, injectable } from 'tsyringe';
import { metricsPlugin } from './plugin.js';

/** Takes the service out of a server, as an app does. */
function tap(found: (metrics: MetricsService) => void) {
  @injectable()
  class Tap {
    constructor(@inject(Metrics) metrics: MetricsService) {
      found(metrics);
    }
  }
  return use(
    definePlugin({
      name: 'tap',
      needs: [Metrics],
      register: (contribute) => contribute.service(token<Tap>('spec:Tap'), Tap),
    }),
  );
}

async function deliver(): Promise<MetricsService> {
  let metrics: MetricsService | undefined;
  const plugins = [plainVerbs(), acceptEverybody(), use(metricsPlugin), tap((found) => (metrics = found))];
  const server = await testServer({ plugins });
  const client = server.client();
  await client.reply();
  await client.commands(
    'EHLO client.example.net',
    'MAIL FROM:<a@example.com>',
    'RCPT TO:<b@example.org>',
    'DATA',
    'Subject: x\r\n\r\nx\r\n.',
    'QUIT',
  );
  await client.ended();
  await server.stop();
  if (metrics === undefined) throw new Error('there is no Metrics service');
  return metrics;
}

describe('MetricsObserver in a server', () => {
  it('counts a session, and goes on counting when another assembly takes over', async () => {
    await deliver();
    const { contentType, render } = await deliver().then((metrics) => ({
      contentType: metrics.contentType,
      render: () => metrics.render(),
    }));
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await render();
    for (const row of [
      /^mailverb_sessions_open\{listener="[^"]+"\} 0$/m,
      /^mailverb_sessions_total\{listener="[^"]+",cause="quit"\} 2$/m,
      /^mailverb_replies_total\{verb="none",reply="2xx"\} 2$/m,
      /^mailverb_replies_total\{verb="DATA",reply="3xx"\} 2$/m,
      /^mailverb_replies_total\{verb="DATA",reply="2xx"\} 2$/m,
      /^mailverb_replies_total\{verb="QUIT",reply="2xx"\} 2$/m,
      /^mailverb_transactions_total\{listener="[^"]+",end="committed",reply="2xx"\} 2$/m,
      /^mailverb_recipients_total\{listener="[^"]+",reply="2xx"\} 2$/m,
      /^mailverb_data_octets_total\{listener="[^"]+"\} 34$/m,
      /^mailverb_delivery_seconds_count 2$/m,
      /^nodejs_eventloop_lag_p99_seconds /m,
      /^process_resident_memory_bytes /m,
    ]) {
      expect(text).toMatch(row);
    }
    // A metric's rows stand together, under one HELP and one TYPE.
    const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(types).size).toBe(types.length);
  });
});
