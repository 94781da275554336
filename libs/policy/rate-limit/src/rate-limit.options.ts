/** Options of the policy rate-limit. */
import { cidrList, duration, identities, octets } from '@mailverb/options';
import { z } from 'zod';
import { SUBJECTS, type Subject } from './subject.js';

/** What can be limited. */
export const COUNTED = ['connections', 'messages', 'recipients', 'bytes'] as const;

/** One of them. */
export type Counted = (typeof COUNTED)[number];

const ENVELOPE: readonly Subject[] = ['all', 'address', 'network', 'identity', 'sender', 'sender-domain'];

/** By what each can be counted: what is known when it is. */
const COUNTED_BY: Readonly<Record<Counted, readonly Subject[]>> = {
  connections: ['all', 'address', 'network'],
  messages: ENVELOPE,
  recipients: SUBJECTS,
  bytes: ENVELOPE,
};

/** A bucket is kept until it is full: longer than anybody remembers it by, and than some stores can count. */
const LONGEST_MS = 10 * 366 * 86_400_000;

/** A number, which says that it is one: of what is no octets, `100MiB` is a mistake. */
const count = z
  .int()
  .positive()
  .transform((amount) => ({ amount, isSize: false }));
const amount = () => z.union([count, octets().transform((size) => ({ amount: size, isSize: true }))]);

/** It is said to everybody whom it refuses. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(NAME, { error: 'expected at most 64 letters, digits, dots, hyphens and underscores' })
      .optional()
      .describe('Its name in replies and logs; `messages-by-network` if nothing is said. Each rule has another.'),
    of: z.enum(COUNTED).describe('What is counted.'),
    by: z
      .enum(SUBJECTS)
      .default('address')
      .describe(
        'For whom: each address (of IPv6 each /64), network, identity, sender, recipient or domain, or for all together.',
      ),
    limit: amount().describe('How many may pass in each `per`; of bytes a size, such as 100MiB.'),
    per: duration().describe('The time in which `limit` may pass: 1h.'),
    burst: amount().optional().describe('How many may pass at once; as many as `limit` if nothing is said.'),
    ipv4Prefix: z.int().min(1).max(32).optional().describe('Bits of an IPv4 network, for `by: network`; 24.'),
    ipv6Prefix: z.int().min(1).max(128).optional().describe('Bits of an IPv6 network, for `by: network`; 48.'),
  })
  .transform((written, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { of, by, limit, per, burst = limit, ipv4Prefix, ipv6Prefix } = written;
    if (!COUNTED_BY[of].includes(by)) wrong('by', `expected ${COUNTED_BY[of].join(', ')}: ${of} have no ${by}`);
    for (const [path, { amount: value, isSize }] of Object.entries({ limit, burst })) {
      if (path === 'burst' && written.burst === undefined) continue;
      if (value < 1) wrong(path, 'expected a number above 0');
      else if (isSize && of !== 'bytes') wrong(path, `expected a number: ${of} are counted`);
    }
    if (per < 1) wrong('per', 'expected a duration above 0');
    else if ((burst.amount / limit.amount) * per > LONGEST_MS) {
      wrong('burst', 'expected less, or a higher limit: it would take more than ten years to have that much again');
    }
    for (const [path, bits] of Object.entries({ ipv4Prefix, ipv6Prefix })) {
      if (bits !== undefined && by !== 'network') wrong(path, 'expected it beside by: network');
    }
    return {
      name: written.name ?? (by === 'all' ? of : `${of}-by-${by}`),
      of,
      by,
      limit: limit.amount,
      per,
      burst: burst.amount,
      prefixes: { ipv4: ipv4Prefix ?? 24, ipv6: ipv6Prefix ?? 48 },
    };
  });

const exemptSchema = z.strictObject({
  networks: cidrList().prefault([]).describe('Clients by address: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
  authenticated: identities()
    .prefault(false)
    .describe('Clients by who they proved to be: all that did (true), or these identities.'),
});

export const rateLimitOptions = z.strictObject({
  rules: z
    .array(ruleSchema)
    .min(1)
    .superRefine((rules, context) => {
      const names = new Set<string>();
      rules.forEach(({ name }, i) => {
        if (names.has(name)) {
          const message = `expected another name: there is a rule ${name} already`;
          context.addIssue({ code: 'custom', path: [i, 'name'], message, input: name });
        }
        names.add(name);
      });
    })
    .describe('The limits. All must allow what is asked; where one does not, it costs nothing in the others.'),
  exempt: exemptSchema.prefault({}).describe('Clients that are neither counted nor refused.'),
});

/** What the class gets. */
export type RateLimitOptions = Readonly<z.output<typeof rateLimitOptions>>;

/** One limit. */
export type RateLimitRule = Readonly<RateLimitOptions['rules'][number]>;
