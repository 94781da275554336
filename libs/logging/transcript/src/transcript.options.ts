/** What the transcript observer can be told. */
import { logDestination } from '@mailverb/log-file';
import { cidrList } from '@mailverb/options';
import { z } from 'zod';

export const transcriptOptions = z.strictObject({
  destination: logDestination()
    .default('stdout')
    .describe('`stdout`, `stderr`, or `{ file: PATH }`, which is reopened on SIGUSR2.'),
  clients: cidrList()
    .optional()
    .describe('Only sessions of clients from these addresses and networks; without it, all sessions.'),
});

export type TranscriptOptions = z.output<typeof transcriptOptions>;
