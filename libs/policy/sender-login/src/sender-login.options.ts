/** Options of the policy sender-login. */
import { AddressSet, domainList } from '@mailverb/options';
import { z } from 'zod';

/** The name under which it is listed what everybody may. */
export const EVERYBODY = '*';

/** Addresses and domains; `*@example.org` is another way to write a domain, and not somebody whose name is an asterisk. */
const senderList = z.array(z.string()).transform((texts, context) => {
  const set = new AddressSet();
  texts.forEach((text, i) => {
    const anyoneOf = text.startsWith('*@') ? text.slice(2) : undefined;
    // Behind *@ stands a domain, so no second address.
    if (anyoneOf === undefined ? set.add(text) : !anyoneOf.includes('@') && anyoneOf !== '<>' && set.add(anyoneOf))
      return;
    const message = 'expected an address such as ann@example.org, a domain such as example.org or *@example.org, or <>';
    context.addIssue({ code: 'custom', message, path: [i], input: text });
  });
  return set;
});

export const senderLoginOptions = z
  .strictObject({
    own: z
      .boolean()
      .default(true)
      .describe('An identity that is an address may send as that; any other as that local part in `domains`.'),
    domains: domainList()
      .prefault([])
      .describe(
        'Domains in which an identity that is no address is a local part: with example.org, ann is ann@example.org.',
      ),
    senders: z
      .record(z.string().min(1), senderList)
      // A Map, as identities are what clients say (attack A10).
      .transform((lists) => new Map(Object.entries(lists)))
      .prefault({})
      .describe(
        'By identity, compared exactly: the addresses and domains (`example.org`, `*@example.org`, `*.example.org`) that it may send as. `*` is every identity.',
      ),
    subAddressing: z
      .string()
      .regex(/^[+\-_.=#~]$/, { error: 'expected one of + - _ . = # ~' })
      .optional()
      .describe(
        'What begins a tag in a local part: with + whoever may send as ann may as ann+lists too. Default none.',
      ),
    nullSender: z
      .enum(['allow', 'refuse'])
      .default('allow')
      .describe('Whether anybody may send as <>, as a mail program does for a read receipt.'),
  })
  .superRefine(({ own, domains, senders }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (!own && senders.size === 0) refuse([], 'expected own or senders: nobody could send');
    if (!own && !domains.empty) refuse(['domains'], 'has no effect without own');
  });

/** What the class gets. */
export type SenderLoginOptions = Readonly<z.output<typeof senderLoginOptions>>;
