/** The configurable server, for who writes its configuration in TypeScript or drives it from a program. */
export type { Configuration, Entry, ListenerConfiguration } from './configuration/shape.js';
export type { ConfigurationContext } from './configuration/read.js';
export { EXIT, type Io, type StopSignal, type StrayKind } from './cli/io.js';
export { main } from './cli/main.js';
