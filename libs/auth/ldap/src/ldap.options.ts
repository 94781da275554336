/** Options of the authenticator ldap. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

const searchSchema = z.strictObject({
  base: z.string().describe('Where people are looked for, with all that is below.'),
  attribute: z.string().min(1).default('mail').describe('The attribute that must be the name.'),
  filter: z.string().min(1).optional().describe('What must be true of them beside (RFC 4515): `(objectClass=person)`.'),
  bindDn: z.string().optional().describe('Who looks; anonymous by default.'),
  bindPassword: z.string().optional().describe('The password of `bindDn`.'),
});

export const ldapOptions = z
  .strictObject({
    url: z.url({ protocol: /^ldaps?$/ }).describe('The directory: `ldaps://ldap.example.org`, `ldap://127.0.0.1:389`.'),
    startTls: z.boolean().default(false).describe('Begin TLS on an `ldap:` connection before anything is said.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of who signed the certificate of the directory; default the usual ones.'),
    dn: z
      .string()
      .refine((dn) => dn.includes('{name}'), 'expected {name} in it')
      .optional()
      .describe('Whom to bind as: `uid={name},ou=people,dc=example,dc=org`. Either this or `search`.'),
    search: searchSchema
      .optional()
      .describe('Whom to bind as, where that must be looked up: exactly one entry must be found.'),
    nameAttribute: z
      .string()
      .min(1)
      .optional()
      .describe('The attribute with the name to act under; default the name that the client said.'),
    timeout: duration().default(5_000).describe('How long each step may take.'),
    maxConnections: z
      .int()
      .min(1)
      .default(20)
      .describe('Logins at once; one more is answered with a temporary failure.'),
  })
  .refine(({ dn, search }) => (dn === undefined) !== (search === undefined), 'expected either dn or search')
  .refine(({ url, startTls }) => !startTls || url.startsWith('ldap:'), {
    error: 'is for ldap: only; ldaps: is encrypted from the start',
    path: ['startTls'],
  });

/** What the class gets. */
export type LdapOptions = Readonly<z.output<typeof ldapOptions>>;
