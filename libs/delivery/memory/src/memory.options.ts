/** Options of the delivery strategy memory. */
import { octets } from '@mailverb/options';
import { z } from 'zod';

/** How much it keeps, and what happens then. */
export const memoryOptions = z.strictObject({
  messages: z.int().positive().default(10_000).describe('How many messages it keeps.'),
  octets: octets()
    .default(64 * 1024 * 1024)
    .describe('How many octets of messages it keeps, those that are just arriving included.'),
  whenFull: z
    .enum(['refuse', 'forget'])
    .default('refuse')
    .describe('When it is full: refuse new messages with 452, or forget the oldest.'),
});

export type MemoryOptionsInput = z.input<typeof memoryOptions>;
export type MemoryOptions = z.output<typeof memoryOptions>;
