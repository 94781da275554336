/** Options of the SASL mechanisms OAUTHBEARER and XOAUTH2. */
import { z } from 'zod';

export const oauthOptions = z.strictObject({
  scope: z
    .string()
    .max(1000)
    // RFC 6749 3.3.
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, {
      error: 'expected scopes with one space in between',
    })
    .optional()
    .describe(
      'What a client hears, when its token is refused, that a token must be good for: scopes, with one space in between.',
    ),
  openidConfiguration: z
    .url({ protocol: /^https$/ })
    .max(1000)
    .optional()
    .describe(
      'Where a client whose token is refused finds out how to get another: the URL of an OpenID configuration.',
    ),
});

/** What the classes get. */
export type OauthOptions = Readonly<z.output<typeof oauthOptions>>;
