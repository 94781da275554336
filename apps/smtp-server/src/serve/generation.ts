/** One configuration, made into a server. A reload makes the next; both serve until the sessions of the older one have ended. */
import type { Logger, Metrics, PluginUse } from '@mailverb/contract';
import type { Admission, Server, ServerPlan } from '@mailverb/core';
import { assemble, type CreateServer, type LoadedConfiguration } from '../plan/load.js';
import { rehearse } from '../plugins/contributions.js';
import { processLink } from './link.js';
import { numbered } from './numbered-logger.js';

/** How it is built in this process. */
export interface GenerationContext {
  readonly createServer: CreateServer;
  /** Counts connections of all generations together. */
  readonly admission: Admission;
  /** The number of this process, where there are several. */
  readonly worker: number | undefined;
}

/** Built, checked, perhaps started. */
export class Generation {
  /** The configuration's; there is one from the start on. */
  logger: Logger | undefined;
  metrics: Metrics | undefined;

  private constructor(
    readonly loaded: LoadedConfiguration,
    private built: { readonly server: Server; readonly plan: ServerPlan } | undefined,
  ) {}

  /** @throws {ConfigurationError} (rejects) with all that is wrong. */
  static async build(
    loaded: LoadedConfiguration,
    { createServer, admission, worker }: GenerationContext,
  ): Promise<Generation> {
    const generation = new Generation(loaded, undefined);
    const link = processLink(
      {
        useLogger: (logger) => (generation.logger = logger),
        useMetrics: (metrics) => (generation.metrics = metrics),
      },
      counts(loaded.plan?.plugins),
    );
    generation.built = await assemble(
      loaded,
      (plan) => createServer({ ...(worker === undefined ? plan : numbered(plan, worker)), admission }),
      [link],
    );
    return generation;
  }

  get server(): Server {
    if (this.built === undefined) throw new Error('it is not built yet');
    return this.built.server;
  }

  get plan(): ServerPlan {
    if (this.built === undefined) throw new Error('it is not built yet');
    return this.built.plan;
  }

  /** A text without what must not be printed. */
  scrub(text: string): string {
    return this.loaded.secrets.scrub(text);
  }
}

function counts(plugins: readonly PluginUse[] = []): boolean {
  return plugins.some(({ plugin }) =>
    rehearse(plugin).some(({ kind, name }) => kind === 'service' && name === 'Metrics'),
  );
}
