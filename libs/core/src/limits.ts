/**
 * Limits and timeouts of a listener: all on by default, each with a name that the reply it causes tells (attack A13, A15).
 */
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';

const count = (description: string) => z.int().positive().describe(description);

/** Limits of one listener. */
export const limitsSchema = z.strictObject({
  connections: count('Open sessions at once.').default(10_000),
  connectionsPerAddress: count('Open sessions at once from one IPv4 address, or one IPv6 /64.').default(200),
  commandsBeforeTransaction: count('Commands in a row that do not begin, continue or complete a transaction.').default(
    100,
  ),
  errors: count('Replies of 4xx and 5xx in a session before it is closed with 421.').default(50),
  unknownCommands: count('Commands that no plugin knows before the session is closed with 421.').default(10),
  recipients: count('Recipients of one transaction (RFC 5321 4.5.3.1.8 asks for 100 at least).').default(1000),
  messages: count('Mail transactions in one session.').default(10_000),
  messageSize: octets()
    .default(50 * 1024 * 1024)
    .describe('Octets of one message; offered by SIZE, enforced while it arrives. 0 for no limit.'),
  commandLine: octets()
    .optional()
    .describe('Octets of a command line, CRLF included; default 512 and what the extensions add.'),
  textLine: octets().default(1000).describe('Octets of a line of mail data, CRLF included.'),
  lineTooLong: z.enum(['accept', 'reject']).default('accept').describe('What to do with a longer line of mail data.'),
  headerBytes: octets()
    .default(256 * 1024)
    .describe('Octets of the header section.'),
  headerLines: count('Lines of the header section.').default(1000),
  received: count('Received fields: more are a mail loop (RFC 5321 6.3).').default(100),
  minDataRate: octets()
    .default(64)
    .describe('Octets a second of mail data, on average, once `timeouts.dataRateGrace` is over; 0 for none.'),
  pipelining: z
    .enum(['strict', 'lenient'])
    .default('strict')
    .describe(
      'What to do with bytes sent behind EHLO, DATA and other verbs that must end a group: refuse and close, or go on.',
    ),
});

/** Timeouts of one listener: the defaults of RFC 5321 4.5.3.2, and two that it lacks. */
export const timeoutsSchema = z.strictObject({
  greetDelay: duration()
    .default(0)
    .describe('Wait before the greeting; a client that talks in it is refused (early talker).'),
  proxyHeader: duration().default(5_000).describe('How long a trusted peer may take for its PROXY header.'),
  handshake: duration().default(30_000).describe('How long a TLS handshake may take.'),
  connected: duration().default(300_000).describe('Idle time before HELO or EHLO.'),
  greeted: duration().default(300_000).describe('Idle time before MAIL.'),
  mail: duration().default(300_000).describe('Idle time before RCPT.'),
  rcpt: duration().default(300_000).describe('Idle time before another RCPT, DATA or BDAT.'),
  data: duration().default(180_000).describe('Idle time within mail data.'),
  dataRateGrace: duration().default(60_000).describe('How long mail data may be slower than `limits.minDataRate`.'),
  session: duration().default(3_600_000).describe('The longest session.'),
  policy: duration()
    .default(30_000)
    .describe('Time budget of a verb, and of a policy at one stage unless its entry says `budget`.'),
  delivery: duration()
    .default(300_000)
    .describe('Time budget of each step of a delivery; reading the body is under `data`.'),
  close: duration().default(5_000).describe('How long a closed session may take to read our last reply.'),
});

export type LimitsInput = z.input<typeof limitsSchema>;
export type Limits = Readonly<z.output<typeof limitsSchema>>;
export type TimeoutsInput = z.input<typeof timeoutsSchema>;
export type Timeouts = Readonly<z.output<typeof timeoutsSchema>>;
