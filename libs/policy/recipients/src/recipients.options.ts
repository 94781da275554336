/** Options of the policy recipients. */
import { domainList } from '@mailverb/options';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { z } from 'zod';

/** A listed user: in one domain, or in all of them. */
export interface ListedUser {
  readonly mailbox: Pick<Mailbox, 'local' | 'utf8'>;
  /** Undefined for all domains. */
  readonly domain: string | undefined;
}

const users = z.array(z.string()).transform((texts, context) =>
  texts.flatMap((text, i): ListedUser[] => {
    const full = parseMailbox(text);
    if (full !== undefined && full.host !== undefined) return [{ mailbox: full, domain: full.domain }];
    // A local part alone, quoted where it must be: it is one if it makes an address.
    const local = parseMailbox(`${text}@local-part.invalid`);
    if (local !== undefined && local.domain === 'local-part.invalid') return [{ mailbox: local, domain: undefined }];
    const message = 'expected a local part such as ann, or an address such as ann@example.org';
    context.addIssue({ code: 'custom', message, path: [i], input: text });
    return [];
  }),
);

export const recipientsOptions = z
  .strictObject({
    domains: domainList()
      .prefault([])
      .describe('Our domains: example.org, *.example.org for all below it, [192.0.2.1] for an address literal.'),
    users: users
      .optional()
      .describe('Who there is: local parts (in all our domains) and whole addresses. Absent means anybody.'),
    catchAll: z
      .union([z.boolean(), domainList()])
      .optional()
      .describe('Take who is not listed too: in all our domains (true) or in these. Default true without `users`.'),
    subAddressing: z
      .string()
      .regex(/^[+\-_.=#~]$/, { error: 'expected one of + - _ . = # ~' })
      .optional()
      .describe('What begins a tag in a local part: with + mail for ann+lists is mail for ann. Default none.'),
    ignoreCase: z.boolean().default(true).describe('Ann is ann.'),
    routes: z
      .enum(['reject', 'accept'])
      .default('reject')
      .describe('A local part with %, ! or @ that nobody listed: a server behind this one might take it for a route.'),
    any: z
      .boolean()
      .default(false)
      .describe('Take every recipient of every domain: for tests, and for a server that sends nothing on.'),
  })
  .superRefine((options, context) => {
    const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (options.any) {
      if (!options.domains.empty || options.users !== undefined || options.catchAll !== undefined) {
        wrong(['any'], 'takes every recipient, so domains, users and catchAll would have no effect');
      }
      return;
    }
    if (options.domains.empty) {
      wrong(['domains'], 'expected at least one domain; to take every recipient of every domain say any: true');
    }
    options.users?.forEach(({ domain }, i) => {
      if (domain !== undefined && !options.domains.has(domain))
        wrong(['users', i], `${domain} is not one of the domains`);
    });
  });

/** What the class gets. */
export type RecipientsOptions = Readonly<z.output<typeof recipientsOptions>>;
