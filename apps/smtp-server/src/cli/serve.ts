/** `serve`: starts the server and runs until it is told to stop. */
import type { Logger } from '@mailverb/contract';
import type { Server } from '@mailverb/core';
import { assemble, loadConfiguration } from '../plan/load.js';
import { reasonOf, stackOf } from '../errors.js';
import { announce } from './announce.js';
import { notes, summary } from './summary.js';
import { EXIT, type Io } from './io.js';
import { processGuard } from './process-guard.js';
import { explainStartError } from './start-error.js';

/** Options of the command. */
export interface ServeOptions {
  readonly config?: string | undefined;
  /** Says nothing on starting. */
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

/** Resolves to the exit code, once the server has stopped. */
export async function serve(options: ServeOptions, io: Io): Promise<number> {
  const loaded = await loadConfiguration(options.config, io);
  // Told to stop before there is anything to stop: by a signal, or by a failure that nobody caught.
  const ending = new Ending(io, () => loaded.deadlineMs);
  try {
    const { server, plan } = await assemble(loaded, io.createServer, [processGuard(ending)]);
    try {
      await server.start();
    } catch (error) {
      io.err(`${loaded.secrets.scrub(explainStartError(error, plan))}\n`);
      if (options.debug === true) io.err(`${stackOf(error)}\n`);
      return EXIT.failure;
    }
    if (options.quiet !== true) {
      const { secrets } = loaded;
      io.err(
        announce(plan, server.addresses(), { secrets, cwd: io.cwd, zeroConfiguration: loaded.file === undefined }),
      );
      for (const note of notes(server.assembly)) io.err(`note: ${secrets.scrub(note)}\n`);
    }
    ending.logger?.info({ assembly: loaded.secrets.scrub(summary(server.assembly)) }, 'started');
    return await ending.of(server);
  } finally {
    ending.release();
  }
}

/** How a server ends: the first signal lets transactions finish, the second does not wait; a fatal failure ends it too. */
class Ending {
  readonly onStray: Io['onStray'];
  readonly release: () => void;
  /** There is one from the start of the server on. */
  logger: Logger | undefined;
  private code: number = EXIT.ok;
  private asked = false;
  private readonly wanted: Promise<void>;
  private want: () => void = () => undefined;

  constructor(
    private readonly io: Io,
    private readonly deadlineMs: () => number,
  ) {
    this.onStray = io.onStray.bind(io);
    this.wanted = new Promise((resolve) => (this.want = resolve));
    this.release = io.onSignal((signal) => {
      if (this.asked) io.exit(EXIT.failure);
      this.asked = true;
      this.logger?.info({ signal, deadlineMs: this.deadlineMs() }, 'stopping');
      this.want();
    });
  }

  useLogger(logger: Logger): void {
    this.logger = logger;
  }

  onFatal(): void {
    this.code = EXIT.software;
    this.want();
  }

  async of(server: Server): Promise<number> {
    await this.wanted;
    try {
      await server.stop({ deadlineMs: this.deadlineMs() });
    } catch (error) {
      this.io.err(`cannot stop cleanly: ${reasonOf(error)}\n`);
      return this.code === EXIT.ok ? EXIT.failure : this.code;
    }
    return this.code;
  }
}
