/** Options of the authenticator jwt. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

/** Signatures by a key that only the issuer has. With a shared secret whoever checks tokens could make them too. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

export const jwtOptions = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe('The key set (JWKS) of who issues the tokens, as a file. Either this or `url`.'),
    url: z
      .url({ protocol: /^https?$/ })
      // It would not be sent, and would be seen wherever the URL is.
      .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it')
      .optional()
      .describe('The same, from where the issuer has it.'),
    issuer: z.string().min(1).describe('Who must have issued a token (`iss`).'),
    audience: z.string().min(1).describe('Whom it must be meant for (`aud`).'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(['RS256', 'ES256', 'EdDSA'])
      .describe('Signatures that are taken.'),
    claim: z
      .string()
      .min(1)
      .default('sub')
      .describe('The claim that is the name to act under, such as `sub` or `email`.'),
    scope: z.string().min(1).optional().describe('A scope that a token must have.'),
    clockTolerance: duration().default(30_000).describe('How much the clocks may differ.'),
    cacheFor: duration().default(600_000).describe('How long a key set is used before it is read again.'),
    coolDown: duration().default(30_000).describe('The least time between two readings, whatever keys tokens name.'),
    timeout: duration().default(5_000).describe('How long the issuer may take to give its key set.'),
  })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), 'expected either file or url');

/** What the class gets. */
export type JwtOptions = Readonly<z.output<typeof jwtOptions>>;
