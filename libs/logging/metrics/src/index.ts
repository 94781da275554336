/** The metrics observer as a plugin. */
export { Counts, ProcessCounts } from './counts.js';
export { MetricsObserver } from './metrics.observer.js';
export { metricsOptions, type MetricsOptions } from './metrics.options.js';
export { MetricsText } from './metrics-text.js';
export { metricsPlugin, metricsPlugin as default } from './plugin.js';
