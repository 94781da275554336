/** The manifest of the pino logger. */
import { Logger, definePlugin } from '@mailverb/contract';
import { PinoLogger } from './pino.logger.js';
import { pinoOptions } from './pino.options.js';

/** Provides the service `Logger`. */
export const pinoPlugin = definePlugin({
  name: 'logging-pino',
  options: pinoOptions,
  register(contribute) {
    contribute.service(Logger, PinoLogger);
  },
});

export default pinoPlugin;
