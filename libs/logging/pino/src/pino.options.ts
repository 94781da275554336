/** What the pino logger can be told. */
import { logDestination } from '@mailverb/log-file';
import { LEVEL_CHOICES } from '@mailverb/log-text';
import { z } from 'zod';

export const pinoOptions = z.strictObject({
  level: z
    .enum(LEVEL_CHOICES)
    .default('info')
    .describe('Lines of this level and above are written; `silent` for none.'),
  format: z
    .enum(['json', 'pretty'])
    .default('json')
    .describe('`json`: an object a line, for machines. `pretty`: pino-pretty, a line a line, for people.'),
  destination: logDestination()
    .default('stdout')
    .describe('`stdout`, `stderr`, or `{ file: PATH }`, which is reopened on SIGUSR2.'),
  redact: z
    .array(z.string().min(1))
    .default([])
    .describe('More names of fields that are secrets, beside password, token, authorization and their like.'),
  process: z.boolean().default(false).describe('Adds `pid` and `hostname` to each line.'),
});

export type PinoOptions = z.output<typeof pinoOptions>;
