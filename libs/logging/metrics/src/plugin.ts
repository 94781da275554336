/** The manifest of the metrics observer. */
import { Metrics, definePlugin } from '@mailverb/contract';
import { ProcessCounts, countsOfProcess } from './counts.js';
import { MetricsObserver } from './metrics.observer.js';
import { metricsOptions } from './metrics.options.js';
import { MetricsText } from './metrics-text.js';

/** Counts what happens; whoever has an endpoint gives the numbers out. */
export const metricsPlugin = definePlugin({
  name: 'logging-metrics',
  options: metricsOptions,
  register(contribute) {
    contribute.service(ProcessCounts, countsOfProcess());
    contribute.service(Metrics, MetricsText);
    contribute.observer('metrics', MetricsObserver);
  },
});

export default metricsPlugin;
