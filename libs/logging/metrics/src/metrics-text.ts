/** The service Metrics: the numbers as Prometheus reads them. */
import type { Lifecycle, Metrics } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { ProcessCounts, type Counts } from './counts.js';

/** Gives out the numbers of this process. */
@injectable()
export class MetricsText implements Metrics, Lifecycle {
  readonly contentType: string;

  constructor(@inject(ProcessCounts) private readonly counts: Counts) {
    this.contentType = counts.registry.contentType;
  }

  /** The event loop is watched from the first server on; one that is only checked watches nothing. */
  start(): void {
    this.counts.watchProcess();
  }

  render(): Promise<string> {
    return this.counts.registry.metrics();
  }
}
