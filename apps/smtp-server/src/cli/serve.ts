/** `serve`: starts the server and runs until it is told to stop. */
import { loadConfiguration } from '../plan/load.js';
import { ServingProcess, type ServeOptions } from '../serve/serving-process.js';
import type { Io } from './io.js';

/** Resolves to the exit code, once the server has stopped. */
export async function serve(options: ServeOptions, io: Io): Promise<number> {
  const loaded = await loadConfiguration(options.config, io, io.sockets);
  if (loaded.process.processes > 1 && io.worker === undefined) {
    // Only who wants several processes pays for them.
    const { PrimaryProcess } = await import('../serve/primary-process.js');
    return new PrimaryProcess(loaded, options, io).run();
  }
  return new ServingProcess(loaded, options, io).run();
}
