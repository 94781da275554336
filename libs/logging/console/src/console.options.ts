/** What the console logger can be told. */
import { LEVEL_CHOICES } from '@mailverb/log-text';
import { z } from 'zod';

export const consoleOptions = z.strictObject({
  level: z
    .enum(LEVEL_CHOICES)
    .default('info')
    .describe('Lines of this level and above are written; `silent` for none.'),
  destination: z.enum(['stdout', 'stderr']).default('stdout').describe('The standard stream to write to.'),
  redact: z
    .array(z.string().min(1))
    .default([])
    .describe('More names of fields that are secrets, beside password, token, authorization and their like.'),
});

export type ConsoleOptions = z.output<typeof consoleOptions>;
