/** Options that all plugins have which publish: a plugin spreads them into its own. */
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';

/** For `z.strictObject({ ...publishShape })`. */
export const publishShape = {
  envelope: z
    .enum(['json', 'headers'])
    .default('json')
    .describe('The envelope as one header of JSON, or as one header for each fact.'),
  recipientsPerMessage: z
    .int()
    .min(1)
    .max(100)
    .default(100)
    .describe('Recipients of one target that share a publication; 1 for one each.'),
  maxSize: octets()
    .refine((size) => size > 0, 'expected more than nothing')
    .default(16 * 1024 * 1024)
    .describe('Octets of a message; larger ones are refused with 552.'),
  maxInFlight: z
    .int()
    .min(1)
    .default(100)
    .describe('Messages that wait for the confirmation of the broker at once; others wait for their turn.'),
  maxInFlightSize: octets()
    .default(64 * 1024 * 1024)
    .describe('The same in octets.'),
  waitTimeout: duration().default(10_000).describe('How long a message waits for its turn.'),
  timeout: duration().default(30_000).describe('How long the confirmation of a message may take.'),
};

/** What all of them get. */
export type PublishOptions = Readonly<z.output<z.ZodObject<typeof publishShape>>>;

/** Options of who keeps a connection to a broker. */
export const linkShape = {
  connectTimeout: duration().default(10_000).describe('How long it may take until a connection can be used.'),
  reconnectAfter: duration()
    .default(200)
    .describe('The pause before a lost connection is made anew; each further one is twice as long.'),
  reconnectAtMost: duration().default(5_000).describe('The longest of these pauses.'),
};

export type LinkOptions = Readonly<z.output<z.ZodObject<typeof linkShape>>>;
