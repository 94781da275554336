/** The service extension DSN as a plugin. */
export { DsnExtension } from './dsn.extension.js';
export { dsnPlugin, dsnPlugin as default } from './plugin.js';
