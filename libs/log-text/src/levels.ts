/** The order of log levels. */
import type { LogLevel } from '@mailverb/contract';

/** From most to least talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly LogLevel[];

/** What a logger can be set to: a level, or nothing at all. */
export const LEVEL_CHOICES = [...LOG_LEVELS, 'silent'] as const;

export type LevelChoice = (typeof LEVEL_CHOICES)[number];

const RANK: ReadonlyMap<string, number> = new Map(LEVEL_CHOICES.map((level, i) => [level, i]));

/** True if a line of this level is written by a logger that is set to `choice`. */
export function reaches(level: LogLevel, choice: LevelChoice): boolean {
  return (RANK.get(level) ?? -1) >= (RANK.get(choice) ?? Number.POSITIVE_INFINITY);
}
