/** Whether to use colours. */
import { isatty } from 'node:tty';

/** True for a terminal, unless NO_COLOR is set to something. */
export function wantsColour(fd: 1 | 2, environment: NodeJS.ProcessEnv = process.env): boolean {
  return isatty(fd) && (environment['NO_COLOR'] ?? '') === '';
}
