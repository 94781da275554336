/** Options of the delivery strategy forward. */
import { ADDRESSES, lookupOptions } from '@mailverb/lookup';
import { nestedDelivery, octets } from '@mailverb/options';
import { z } from 'zod';
import { targets } from './targets.js';

/** Who is forwarded to whom, and how. */
export const forwardOptions = z.strictObject({
  lookup: lookupOptions(ADDRESSES, targets).describe(
    'A table of addresses and domains that gives one address or several. Who is not in it stays as he is.',
  ),
  to: nestedDelivery().describe('The delivery for what comes out.'),
  keep: z
    .boolean()
    .default(false)
    .describe('Forwarded addresses get a copy too. For some only: name the address itself among its own targets.'),
  require: z
    .enum(['all', 'any'])
    .default('all')
    .describe('all: an address is refused if one of its targets is. any: not while another target takes it.'),
  deliveredTo: z
    .boolean()
    .default(true)
    .describe('Add a Delivered-To field with the address that was forwarded, and refuse what has it already: a loop.'),
  maxDepth: z.int().min(1).default(10).describe('How often an address may lead to another.'),
  maxRecipients: z.int().min(1).default(100).describe('How many addresses one may come to, those on the way included.'),
  maxHeader: octets()
    .default(256 * 1024)
    .describe('How much of the header section is looked at for Delivered-To.'),
});

export type ForwardOptionsInput = z.input<typeof forwardOptions>;
/** What the class gets. */
export type ForwardOptions = Readonly<z.output<typeof forwardOptions>>;
