/** What the audit observer can be told. */
import { logDestination } from '@mailverb/log-file';
import { z } from 'zod';

export const auditOptions = z.strictObject({
  format: z
    .enum(['json', 'kamaelia'])
    .default('json')
    .describe('`json`: an object for each transaction and each session. `kamaelia`: one line for each session.'),
  destination: logDestination()
    .default('stdout')
    .describe('`stdout`, `stderr`, or `{ file: PATH }`, which is reopened on SIGUSR2.'),
});

export type AuditOptions = z.output<typeof auditOptions>;
