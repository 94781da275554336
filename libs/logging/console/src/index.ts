/** The console logger as a plugin. */
export { ConsoleLogger } from './console.logger.js';
export { consoleOptions, type ConsoleOptions } from './console.options.js';
export { consolePlugin, consolePlugin as default } from './plugin.js';
