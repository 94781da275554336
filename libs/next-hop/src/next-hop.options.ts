/** Options of everything that speaks SMTP or LMTP to a next hop. Plugins spread these into theirs. */
import { duration } from '@mailverb/options';
import { CLIENT_TIMEOUTS } from '@mailverb/client';
import { z } from 'zod';

const file = (what: string) => z.string().min(1).optional().describe(`PEM file of ${what}.`);
const ms = (step: keyof typeof CLIENT_TIMEOUTS, what: string) =>
  duration().default(CLIENT_TIMEOUTS[step]).describe(what);

const MODES = ['none', 'opportunistic', 'required', 'implicit'] as const;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** TLS towards the next hop. */
export const hopTlsSchema = z
  .strictObject({
    mode: z
      .enum(MODES)
      .default('opportunistic')
      .describe(
        '`none`; `opportunistic`: STARTTLS if it is offered, with any certificate, else in clear; `required`: STARTTLS with a certificate that is checked, or no mail; `implicit`: TLS from the first octet, checked.',
      ),
    ca: file('who signed the certificate of the next hop; default the usual ones'),
    cert: file('our own certificate, for a next hop that asks for one'),
    key: file('its private key'),
    serverName: z.string().min(1).optional().describe('The name that the certificate must have; default the host.'),
    verify: z.boolean().default(true).describe('False accepts any certificate where one would be checked: for tests.'),
    minVersion: z.enum(VERSIONS).default('TLSv1.2').describe('The oldest version of TLS.'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'expected both cert and key, or neither');

/** How we prove who we are. */
export const hopAuthSchema = z
  .strictObject({
    user: z.string().min(1).describe('Who we are.'),
    password: z.string().min(1).optional().describe('The password: SCRAM where it is offered, else PLAIN or LOGIN.'),
    tokenFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A file with a bearer token (OAUTHBEARER, XOAUTH2), read for each login; somebody else keeps it fresh.',
      ),
    allowPlaintext: z
      .boolean()
      .default(false)
      .describe(
        'Send the password over a connection that is not encrypted, or whose certificate is not checked: only to a next hop on the same machine.',
      ),
  })
  .refine(
    ({ password, tokenFile }) => (password === undefined) !== (tokenFile === undefined),
    'expected either password or tokenFile',
  );

const poolSchema = (connections: number) =>
  z
    .strictObject({
      connections: z.int().min(1).max(10_000).default(connections).describe('Connections at once, to each next hop.'),
      idle: duration().default(30_000).describe('How long one is kept while nobody uses it; 0 keeps none.'),
      messages: z.int().min(1).default(1000).describe('Messages after which a connection is not used again.'),
      wait: duration().default(30_000).describe('How long to wait for a free one; then the message is deferred.'),
    })
    .prefault({});

/** The option `pool`. @param connections at once, by default. */
export const poolShape = (connections: number) =>
  poolSchema(connections).describe('How connections are kept and used again.');

const timeoutsSchema = z
  .strictObject({
    connect: ms('connect', 'TCP; and the TLS handshake.'),
    greeting: ms('greeting', 'The greeting.'),
    hello: ms('hello', 'EHLO, STARTTLS, AUTH, XCLIENT, RSET: each.'),
    mail: ms('mail', 'The reply to MAIL.'),
    rcpt: ms('rcpt', 'The reply to RCPT.'),
    data: ms('data', 'From DATA to 354.'),
    body: ms('body', 'A piece of the message that is not taken.'),
    final: ms('final', 'From the end of the message to its reply.'),
  })
  .prefault({});

/** What is the same for all next hops of a plugin. */
export const nextHopShape = {
  name: z
    .string()
    .min(1)
    .optional()
    .describe('What we call ourselves in EHLO; default the `hostname` of the listener.'),
  tls: hopTlsSchema.prefault({}).describe('Encryption.'),
  auth: hopAuthSchema.optional().describe('Who we are, where the next hop wants to know.'),
  pool: poolShape(20),
  timeouts: timeoutsSchema.describe('How long each step may take.'),
  chunking: z.boolean().default(true).describe('Use BDAT where it is offered: a round trip less for each message.'),
  localAddress: z.string().min(1).optional().describe('Which of our addresses connections come from.'),
};

/** {@link nextHopShape}'s output. */
export interface NextHopOptions {
  readonly name?: string | undefined;
  readonly tls: z.output<typeof hopTlsSchema>;
  readonly auth?: z.output<typeof hopAuthSchema> | undefined;
  readonly pool: z.output<ReturnType<typeof poolSchema>>;
  readonly timeouts: z.output<typeof timeoutsSchema>;
  readonly chunking: boolean;
  readonly localAddress?: string | undefined;
}

/** Where one next hop is: `host` and `port`, or `path`. */
export interface HopAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}
