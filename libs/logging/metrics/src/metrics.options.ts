/** What the metrics observer can be told. */
import { z } from 'zod';

export const metricsOptions = z.strictObject({
  verbs: z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,32}$/, 'expected the name of a verb, such as XHELLO'))
    .default([])
    .describe('Verbs of your own to be counted by name: any that is not known is counted as `other`.'),
});

export type MetricsOptions = z.output<typeof metricsOptions>;
