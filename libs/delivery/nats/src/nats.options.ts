/** Options of the delivery strategy nats. */
import { duration } from '@mailverb/options';
import { linkShape, publishShape, targetTemplate, type TargetTemplate } from '@mailverb/publish';
import { z } from 'zod';

const file = () => z.string().min(1).optional();

export const natsOptions = z
  .strictObject({
    servers: z
      .array(
        z
          .url({ protocol: /^(?:nats|tls)$/ })
          // An address is written into logs.
          .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it'),
      )
      .min(1)
      .default(['nats://127.0.0.1:4222'])
      .describe('The servers of one cluster: `nats://host:4222`. The first that answers is used.'),
    stream: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,255}$/, 'expected the name of a stream')
      .describe('The JetStream stream that must keep the messages. It must be there.'),
    subject: targetTemplate()
      .refine(isSubject, 'expected words divided by dots')
      .prefault('mail.{domain}')
      .describe('Where messages are published: a template, see the README. The stream must listen there.'),
    token: z.string().min(1).optional().describe('Log in with a token.'),
    user: z.string().min(1).optional().describe('Log in with a name and `password`.'),
    password: z.string().min(1).optional().describe('The password of `user`.'),
    nkeySecret: z
      .string()
      .regex(/^SU[A-Z2-7]{56}$/, 'expected the seed of a user nkey: SU…')
      .optional()
      .describe('Log in with an nkey: its seed.'),
    tls: z
      .strictObject({
        ca: file().describe('PEM file of who signed the certificate of the server; default the usual ones.'),
        cert: file().describe('PEM file of our certificate.'),
        key: file().describe('PEM file of its key.'),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'expected both cert and key, or neither')
      .optional()
      .describe('Never without TLS; `{}` will do. Default: where the server offers it.'),
    pingInterval: duration()
      .refine((ms) => ms >= 100, 'expected 100ms or more')
      .default(20_000)
      .describe('How often a silent server is asked whether it lives; without two answers the connection is lost.'),
    ...linkShape,
    ...publishShape,
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'expected both user and password, or neither',
    path: ['password'],
  })
  .refine(({ token, user, nkeySecret }) => [token, user, nkeySecret].filter((way) => way !== undefined).length <= 1, {
    error: 'expected one way to log in: token, user or nkeySecret',
  });

function isSubject({ text }: TargetTemplate): boolean {
  return text !== '' && text.split('.').every((word) => word !== '');
}

/** What the class gets. */
export type NatsOptions = Readonly<z.output<typeof natsOptions>>;
