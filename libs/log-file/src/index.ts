/** Log files that can be reopened, and the standard streams in the same shape. */
export { logDestination, type LogDestination } from './destination.options.js';
export { LogFile } from './log-file.js';
export type { LogOutput, LogOutputOptions, OnProblem } from './log-output.js';
export { openLog } from './open-log.js';
