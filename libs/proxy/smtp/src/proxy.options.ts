/** Options of the delivery strategy proxy. */
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';

export const proxyOptions = z
  .strictObject({
    host: z.string().min(1).optional().describe('The mail server behind: host name or address. Either this or `path`.'),
    port: z.int().min(1).max(65535).default(25).describe('Its port.'),
    path: z.string().min(1).optional().describe('Its unix socket.'),
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
    proxyHeader: z
      .union([z.literal(1), z.literal(2)])
      .optional()
      .describe(
        'Tell it who the client is by a PROXY header of this version. Connections are then used for one session each.',
      ),
    ...nextHopShape,
  })
  .refine(({ host, path }) => (host === undefined) !== (path === undefined), 'expected either host or path')
  .refine(
    ({ xclient, proxyHeader }) => !xclient || proxyHeader === undefined,
    'expected xclient or proxyHeader, not both',
  );

/** What the class gets. */
export type ProxyOptions = Readonly<z.output<typeof proxyOptions>>;
