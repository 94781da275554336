/** Options of the authenticator http. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

export const httpOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    // It would not be sent, and would be seen wherever the URL is.
    .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it: they belong into headers')
    .describe('Who is asked. Only ever this: no URL comes from a client.'),
  methods: z
    .array(z.enum(['password', 'token']))
    .min(1)
    .default(['password'])
    .describe('What it can check: passwords (PLAIN, LOGIN), bearer tokens (XOAUTH2, OAUTHBEARER).'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Sent with each question, such as a shared secret in `authorization`.'),
  timeout: duration().default(5_000).describe('How long an answer may take.'),
  maxConnections: z.int().min(1).default(10).describe('Questions at once; others wait for their turn.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of who signed the certificate of the service; default the usual ones.'),
});

/** What the class gets. */
export type HttpOptions = Readonly<z.output<typeof httpOptions>>;
