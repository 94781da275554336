/** From the option to the output. */
import type { LogDestination } from './destination.options.js';
import { LogFile } from './log-file.js';
import type { LogOutput, LogOutputOptions } from './log-output.js';
import { StandardOutput } from './standard-output.js';

/** Makes the output that an option names; opens nothing. */
export function openLog(destination: LogDestination, options: LogOutputOptions = {}): LogOutput {
  if (typeof destination === 'object') return new LogFile(destination.file, options);
  return new StandardOutput(destination === 'stdout' ? 1 : 2);
}
