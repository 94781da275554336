/**
 * What happens to failures that nobody caught (attack A24). A stray rejection is some plugin's forgotten promise: it is logged, and the
 * server lives. An uncaught exception may have left anything half done: it is logged, open transactions get their time, and the process ends.
 *
 * It is a plugin so that it gets the logger that the configuration has chosen, and stands where everybody can see it: in `assembly`.
 */
import { Logger, definePlugin, token, use, type Lifecycle, type PluginUse } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { Io } from './io.js';

/** What the guard needs of the process. */
export interface GuardedProcess {
  readonly onStray: Io['onStray'];
  /** Called with the configuration's logger, once it can write. */
  useLogger(logger: Logger): void;
  /** Called once, after the failure was logged. */
  onFatal(): void;
}

const GuardedProcess = token<GuardedProcess>('smtp-server:GuardedProcess');
const Guard = token<ProcessGuard>('smtp-server:ProcessGuard');

@injectable()
export class ProcessGuard implements Lifecycle {
  private release: (() => void) | undefined;
  private fatal = false;

  constructor(
    @inject(Logger) private readonly logger: Logger,
    @inject(GuardedProcess) private readonly guarded: GuardedProcess,
  ) {}

  start(): void {
    this.guarded.useLogger(this.logger);
    this.release = this.guarded.onStray((kind, error) => {
      if (kind === 'unhandledRejection') {
        this.logger.error({ error }, 'a promise was rejected and nobody looked: a bug in a plugin or in the server');
        return;
      }
      this.logger.fatal({ error }, 'an exception was not caught: a bug in a plugin or in the server; stopping');
      if (this.fatal) return;
      this.fatal = true;
      this.guarded.onFatal();
    });
  }

  stop(): void {
    this.release?.();
  }
}

/** The guard, put to use. */
export function processGuard(guarded: GuardedProcess): PluginUse {
  return use(
    definePlugin({
      name: 'process-guard',
      register(contribute) {
        contribute.service(GuardedProcess, guarded);
        contribute.service(Guard, ProcessGuard);
      },
    }),
    {},
    { path: 'process-guard' },
  );
}
