/** The pino logger as a plugin. */
export { PinoLogger } from './pino.logger.js';
export { pinoOptions, type PinoOptions } from './pino.options.js';
export { pinoPlugin, pinoPlugin as default } from './plugin.js';
