/** Metrics: numbers for monitoring, to be given out by whoever has an endpoint for them. A service of the plugin that counts. */
import type { MaybePromise } from './promise.js';
import { token } from './token.js';

/** Numbers as text. */
export interface Metrics {
  /** Of what `render` gives: Prometheus' text format. */
  readonly contentType: string;
  render(): MaybePromise<string>;
}

export const Metrics = token<Metrics>('Metrics');
