/**
 * What the process takes out of an assembly: the logger that the configuration has chosen, and the numbers if somebody counts.
 *
 * It is a plugin so that it gets both as any plugin does, once they can be used, and stands where everybody can see it: in `assembly`.
 */
import {
  Logger,
  Metrics,
  definePlugin,
  token,
  use,
  type Lifecycle,
  type Metrics as MetricsService,
  type PluginUse,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';

/** Whom the services are handed to. */
export interface LinkedProcess {
  /** Called when the logger can write. */
  useLogger(logger: Logger): void;
  useMetrics(metrics: MetricsService): void;
}

const LinkedProcess = token<LinkedProcess>('smtp-server:LinkedProcess');
const LoggerLink = token<LinksLogger>('smtp-server:LoggerLink');
const MetricsLink = token<LinksMetrics>('smtp-server:MetricsLink');

@injectable()
class LinksLogger implements Lifecycle {
  constructor(
    @inject(Logger) private readonly logger: Logger,
    @inject(LinkedProcess) private readonly linked: LinkedProcess,
  ) {}

  start(): void {
    this.linked.useLogger(this.logger);
  }
}

@injectable()
class LinksMetrics implements Lifecycle {
  constructor(
    @inject(Metrics) private readonly metrics: MetricsService,
    @inject(LinkedProcess) private readonly linked: LinkedProcess,
  ) {}

  start(): void {
    this.linked.useMetrics(this.metrics);
  }
}

/** The link, put to use. @param counts whether there is a service Metrics. */
export function processLink(linked: LinkedProcess, counts: boolean): PluginUse {
  return use(
    definePlugin({
      name: 'process-link',
      register(contribute) {
        contribute.service(LinkedProcess, linked);
        contribute.service(LoggerLink, LinksLogger);
        if (counts) contribute.service(MetricsLink, LinksMetrics);
      },
    }),
    {},
    { path: 'process-link' },
  );
}
