/** Options of the authenticator ldap. */
import { duration } from '@mailverb/options';
import { z } from 'zod';
import { isFilter, NAME } from './search-filter.js';

const MAIL = 'mail';

const searchSchema = z
  .strictObject({
    base: z.string().describe('Where people are looked for, with all that is below.'),
    attribute: z.string().min(1).default(MAIL).describe('The attribute that must be the name.'),
    filter: z
      .string()
      .min(1)
      .refine(isFilter, 'expected a filter (RFC 4515)')
      .optional()
      .describe('What must be true of them beside (RFC 4515): `(objectClass=person)`.'),
    bindDn: z.string().min(1).optional().describe('Who looks; anonymous by default.'),
    bindPassword: z.string().min(1).optional().describe('The password of `bindDn`.'),
  })
  // A bind with a name and no password succeeds and is anonymous (RFC 4513 5.1.2).
  .refine(({ bindDn, bindPassword }) => (bindDn === undefined) === (bindPassword === undefined), {
    error: 'expected both bindDn and bindPassword, or neither',
    path: ['bindPassword'],
  })
  .refine(({ attribute, filter }) => attribute === MAIL || filter?.includes(NAME) !== true, {
    error: 'is not used where {name} stands in the filter',
    path: ['attribute'],
  });

export const ldapOptions = z
  .strictObject({
    url: z
      .url({ protocol: /^ldaps?$/ })
      .refine(hasNoCredentials, 'expected no name and no password in it')
      .describe('The directory: `ldaps://ldap.example.org`, `ldap://127.0.0.1:389`.'),
    startTls: z.boolean().default(false).describe('Begin TLS on an `ldap:` connection before anything is said.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of who signed the certificate of the directory; default the usual ones.'),
    dn: z
      .string()
      .refine((dn) => dn.includes(NAME), 'expected {name} in it')
      .refine((dn) => dn.includes('='), 'expected a DN, with attributes in it')
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

/** An address is written into logs. */
function hasNoCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

/** What the class gets. */
export type LdapOptions = Readonly<z.output<typeof ldapOptions>>;
