/** Options of the delivery strategy proxy. */
import { nextHopShape, poolShape } from '@mailverb/next-hop';
import { ADDRESSES, TEXTS, lookupOptions } from '@mailverb/lookup';
import { z } from 'zod';
import { placeSchema } from './place.js';

const BY_ADDRESS = ['recipient', 'sender'] as const;
const BY_TEXT = ['identity', 'client', 'listener'] as const;

const chooseSchema = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.enum(BY_ADDRESS).describe('What is looked up: the address of each recipient, or of the sender.'),
    table: lookupOptions(ADDRESSES, placeSchema).describe(
      'Addresses and domains, and the server of each: `mx1.example.net:25`.',
    ),
  }),
  z.strictObject({
    by: z
      .enum(BY_TEXT)
      .describe("What is looked up: who has logged in, the client's address, the name of the listener."),
    table: lookupOptions(TEXTS, placeSchema).describe('Names, and the server of each: `mx1.example.net:25`.'),
  }),
]);

export const proxyOptions = z
  .strictObject({
    host: z.string().min(1).optional().describe('The mail server behind: host name or address.'),
    port: z.int().min(1).max(65535).default(25).describe('Its port.'),
    path: z.string().min(1).optional().describe('Its unix socket.'),
    choose: chooseSchema
      .optional()
      .describe(
        'Which server, by a table: recipients of different servers are parted. `host` is then for whoever is not in it.',
      ),
    protocol: z.enum(['smtp', 'lmtp']).default('smtp').describe('What it speaks.'),
    keywords: z
      .enum(['intersect', 'ours'])
      .default('intersect')
      .describe(
        '`intersect`: EHLO offers 8BITMIME, SMTPUTF8, BINARYMIME, DSN and SIZE only as far as the server behind does; `ours`: as configured here, and what it lacks is refused with the message.',
      ),
    words: z
      .enum(['theirs', 'ours'])
      .default('theirs')
      .describe(
        'Replies to recipients and messages: word for word, or their codes with words that tell nothing of the server behind.',
      ),
    xclient: z
      .boolean()
      .default(false)
      .describe('Tell it who the client is by XCLIENT; it must trust us, or nothing is delivered.'),
    proxyProtocol: z
      .union([z.literal(1), z.literal(2)], { error: 'expected 1 or 2' })
      .optional()
      .describe(
        'Tell it who the client is by a PROXY header of this version. Connections are then used for one session each.',
      ),
    ...nextHopShape,
    // Each client with an open transaction holds one: a few that do nothing must not keep all others out.
    pool: poolShape(500),
  })
  .refine(({ host, path }) => host === undefined || path === undefined, 'expected host or path, not both')
  .refine(
    ({ host, path, choose }) => host !== undefined || path !== undefined || choose !== undefined,
    'expected host, path or choose',
  )
  .refine(
    ({ xclient, proxyProtocol }) => !xclient || proxyProtocol === undefined,
    'expected xclient or proxyProtocol, not both',
  );

/** What the class gets. */
export type ProxyOptions = Readonly<z.output<typeof proxyOptions>>;
