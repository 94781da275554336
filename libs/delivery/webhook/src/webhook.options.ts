/** Options of the delivery strategy webhook. */
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';

/** What is posted: see the README for each. */
export const FORMS = ['raw', 'parsed', 'postmark', 'sendgrid', 'sendgrid-raw', 'mailgun', 'mailgun-mime'] as const;

/** Headers that are ours, or the connection's. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'expected the name of a header' })
  .refine((name) => !RESERVED.has(name.toLowerCase()) && !/^x-mailverb-/i.test(name), 'is set by the webhook itself');

/** Without an end a wait holds a client, and a place, for ever. */
const wait = (ms: number) =>
  duration()
    .refine((value) => value > 0, 'expected more than 0')
    .default(ms);

const secret = z.string().min(16, { error: 'expected a secret of at least 16 characters' });

/** What a status means: a class, or a whole reply. */
const meaning = z.union(
  [
    z.enum(['accept', 'defer', 'reject']),
    z.string().regex(/^(?:250 2|4\d\d 4|5\d\d 5)\.\d{1,3}\.\d{1,3} [ -~]{1,200}$/),
  ],
  { error: 'expected accept, defer, reject, or a reply such as "550 5.1.1 no such user"' },
);

export const webhookOptions = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      // It would not be sent, and would be seen wherever the URL is.
      .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it: use user and password')
      .describe(
        'Where messages are posted to. Only ever there: no URL comes from a message, and redirects are not followed.',
      ),
    form: z.enum(FORMS).default('parsed').describe('What is posted.'),
    includeRaw: z
      .boolean()
      .default(false)
      .describe('With `parsed` and `postmark`: the whole message as it came, too (`raw`, `RawEmail`).'),
    envelopeIn: z
      .enum(['headers', 'query'])
      .default('headers')
      .describe('With `raw`: where sender and recipients are.'),
    unparsable: z
      .enum(['raw', 'reject'])
      .default('raw')
      .describe(
        'A message that can not be taken apart, or is beyond the limits: post it whole, or refuse it with 554.',
      ),
    secrets: z
      .union([secret.transform((one) => [one]), z.array(secret).max(10)])
      .default([])
      .describe('Signs each request; of several, each does (to change one without a break).'),
    mailgunKey: secret.optional().describe('With `mailgun` and `mailgun-mime`: what their own signature is made with.'),
    user: z
      .string()
      .min(1)
      .regex(/^[^:]*$/, { error: 'expected no colon' })
      .optional()
      .describe('For HTTP Basic authentication.'),
    password: z.string().default('').describe('Of the user.'),
    headers: z
      .record(headerName, z.string().regex(/^[ -~]*$/, { error: 'expected printable ASCII characters' }))
      .default({})
      .describe('Sent with each request, such as a token in `authorization`.'),
    statuses: z
      .record(z.string().regex(/^[2-5]\d\d$/, { error: 'expected a status such as 404' }), meaning)
      .default({})
      .describe('What a status means, where it is not what the table below says.'),
    readAnswer: z
      .boolean()
      .default(false)
      .describe('Read a JSON answer: words for the reply, and replies for single recipients.'),
    timeout: wait(120_000).describe(
      'How long a request may take, from waiting for a connection to the end of the answer.',
    ),
    connectTimeout: wait(10_000).describe('How long a connection may take, TLS included.'),
    answerTimeout: wait(60_000).describe('How long the answer may take once the request is sent.'),
    connections: z.int().min(1).default(10).describe('Requests at once; others wait for their turn.'),
    keepAlive: duration()
      .default(4_000)
      .describe('How long a connection is kept open for the next request; `0` for not at all.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of who signed the certificate of the endpoint; default the usual ones.'),
    maxParts: z.int().min(1).default(500).describe('MIME parts of a message that is taken apart.'),
    maxDepth: z.int().min(1).default(30).describe('How deep they may be nested.'),
    maxHeaderSize: octets()
      .default(512 * 1024)
      .describe('Their headers, together.'),
    maxTextSize: octets()
      .default(1024 * 1024)
      .describe('Text that is given as text; what goes beyond is given as an attachment.'),
  })
  .refine(({ form, mailgunKey }) => !form.startsWith('mailgun') || mailgunKey !== undefined, {
    error: 'expected a mailgunKey: receivers of this form check the signature',
    path: ['mailgunKey'],
  })
  .refine(({ user, password }) => user !== undefined || password === '', {
    error: 'expected a user, too',
    path: ['user'],
  })
  .refine(
    ({ user, headers }) => user === undefined || !Object.keys(headers).some((name) => /^authorization$/i.test(name)),
    {
      error: 'expected either a user or a header authorization',
      path: ['user'],
    },
  );

/** What the class gets. */
export type WebhookOptions = Readonly<z.output<typeof webhookOptions>>;
export type WebhookOptionsInput = z.input<typeof webhookOptions>;
