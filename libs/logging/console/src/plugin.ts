/** The manifest of the console logger. */
import { Logger, definePlugin } from '@mailverb/contract';
import { ConsoleLogger } from './console.logger.js';
import { consoleOptions } from './console.options.js';

/** Provides the service `Logger`. */
export const consolePlugin = definePlugin({
  name: 'logging-console',
  options: consoleOptions,
  register(contribute) {
    contribute.service(Logger, ConsoleLogger);
  },
});

export default consolePlugin;
