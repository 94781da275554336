/** Options of the policy dnsbl. */
import { dnsOptions, hostName } from '@mailverb/dns';
import { cidrList } from '@mailverb/options';
import { z } from 'zod';
import { parseCodePattern } from './codes.js';

const code = z.string().transform((text, context) => {
  const pattern = parseCodePattern(text);
  if (pattern !== undefined) return pattern;
  context.addIssue({ code: 'custom', message: 'expected an answer such as 127.0.0.2, 127.0.0.4-7 or 127.0.*.3' });
  return z.NEVER;
});

const zone = z.string().transform((text, context) => {
  const name = hostName(text);
  // Room for the thirty-two nibbles of an IPv6 address before it.
  if (name !== undefined && name.includes('.') && name.length <= 188) return name;
  context.addIssue({ code: 'custom', message: 'expected the zone of a list, such as bl.example.org' });
  return z.NEVER;
});

const listSchema = z
  .strictObject({
    zone: zone.describe('The zone in which the list answers: `bl.example.org`.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'expected up to 64 letters, digits, dots, hyphens and underscores' })
      .optional()
      .describe(
        'What the list is called in replies, notes and the log; default its zone. Needed where the zone holds a key.',
      ),
    weight: z
      .number()
      .min(-1000)
      .max(1000)
      .refine((weight) => weight !== 0, { error: 'expected a number other than 0' })
      .default(1)
      .describe('What a listing adds to the score; below 0 the list is an allow list.'),
    of: z
      .enum(['address', 'helo', 'sender'])
      .default('address')
      .describe(
        "What is listed: the client's address, or domains, of which its HELO name or the sender's is asked for.",
      ),
    codes: z
      .array(code)
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Answers that count: `127.0.0.2`, `127.0.0.4-7`, `127.0.*.3`; default all of 127.0.0.0/8 but those that tell an error.',
      ),
    families: z
      .array(z.enum(['ipv4', 'ipv6']))
      .min(1)
      .default(['ipv4', 'ipv6'])
      .describe('Which addresses it is asked about.'),
  })
  .superRefine((list, context) => {
    if (list.name !== undefined || !holdsKey(list.zone)) return;
    context.addIssue({
      code: 'custom',
      path: ['name'],
      message: 'expected a name: this zone seems to hold a key of yours, and clients are told where they are listed',
    });
  });

export const dnsblOptions = z
  .strictObject({
    lists: z.array(listSchema).min(1).max(32).describe('The lists, all asked at once.'),
    at: z
      .enum(['connect', 'rcpt'])
      .default('rcpt')
      .describe(
        'When: before the greeting, or at the first recipient, when it is known who would have written to whom.',
      ),
    rejectScore: z
      .union([z.number().positive(), z.literal('never')])
      .default(1)
      .describe('The sum of weights from which a client is refused, or `never`.'),
    deferScore: z.number().positive().optional().describe('The sum from which it is told to come later; default none.'),
    onFailure: z
      .enum(['skip', 'defer', 'defer-if-all'])
      .default('defer-if-all')
      .describe(
        'Where lists do not answer: they count as nothing (`skip`); the client is deferred if their answers could matter (`defer`), or if no list has answered at all (`defer-if-all`).',
      ),
    allow: cidrList()
      .prefault([])
      .describe('Clients about whom nobody is asked: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
    text: z
      .boolean()
      .default(false)
      .describe('Tell the client in what words the list (the weightiest) explains the listing (TXT).'),
    dns: dnsOptions(),
  })
  .superRefine(({ lists, at, rejectScore, deferScore }, context) => {
    const issue = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const [i, { of }] of lists.entries()) {
      if (at === 'connect' && of !== 'address')
        issue(['lists', i, 'of'], 'expected address: at connect nothing else is known');
    }
    if (!lists.some(({ weight }) => weight > 0)) issue(['lists'], 'expected a list with a weight above 0');
    if (rejectScore === 'never' && deferScore === undefined)
      issue(['deferScore'], 'expected a score: nobody would be refused');
    if (rejectScore !== 'never' && deferScore !== undefined && deferScore >= rejectScore) {
      issue(['deferScore'], 'expected a score below rejectScore');
    }
  });

/** What the class gets. */
export type DnsblOptions = Readonly<z.output<typeof dnsblOptions>>;

/** One list. */
export type DnsblList = DnsblOptions['lists'][number];

/** Providers give each customer a label of random letters and digits: nothing that people have thought of looks like it. */
function holdsKey(name: string): boolean {
  return name.split('.').some((label) => label.length >= 16 && /[0-9]/.test(label) && /[a-z]/.test(label));
}
