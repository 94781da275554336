/** Options of the delivery strategy amqp. */
import { duration } from '@mailverb/options';
import { linkShape, publishShape, targetTemplate } from '@mailverb/publish';
import { z } from 'zod';

const file = () => z.string().min(1).optional();

/** Names of exchanges and queues: what AMQP 0-9-1 allows is less, what brokers allow is more. */
const name = () => z.string().regex(/^[!-~]{1,255}$/, 'expected up to 255 printable ASCII characters');

const HIGHEST_HEARTBEAT = 65_535_000;

export const amqpOptions = z
  .strictObject({
    servers: z
      .array(
        z
          .url({ protocol: /^amqps?$/ })
          // An address is written into logs.
          .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it')
          .refine((url) => !/[?#]/.test(url), 'expected no parameters in it'),
      )
      .min(1)
      .default(['amqp://127.0.0.1:5672'])
      .describe('The servers of one cluster, tried in turn: `amqps://host:5671/vhost`.'),
    user: z.string().min(1).optional().describe('Log in with a name and `password`; default `guest`.'),
    password: z.string().min(1).optional().describe('The password of `user`.'),
    exchange: z
      .union([name(), z.literal('')])
      .default('')
      .describe('Where messages are published. It must be there; empty is the default exchange.'),
    routingKey: targetTemplate()
      .prefault('mail')
      .describe('A template, see the README. In the default exchange it is the name of the queue.'),
    declare: z
      .strictObject({
        queue: name().describe('Its name.'),
        type: z.enum(['quorum', 'classic']).default('quorum').describe('What RabbitMQ makes of it.'),
        bindingKey: z
          .string()
          .regex(/^[ -~]{0,255}$/, 'expected printable ASCII characters')
          .default('#')
          .describe('What of the exchange goes into it; nothing for the default exchange.'),
      })
      .optional()
      .describe('A durable queue that is made where it is missing.'),
    tls: z
      .strictObject({
        ca: file().describe('PEM file of who signed the certificate of the server; default the usual ones.'),
        cert: file().describe('PEM file of our certificate.'),
        key: file().describe('PEM file of its key.'),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'expected both cert and key, or neither')
      .optional()
      .describe('For `amqps:`.'),
    heartbeat: duration()
      .refine((ms) => ms >= 1000 && ms <= HIGHEST_HEARTBEAT, 'expected 1s or more')
      .default(10_000)
      .describe('How often a silent server must say that it lives; after two that are missed the connection is lost.'),
    ...linkShape,
    ...publishShape,
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'expected both user and password, or neither',
    path: ['password'],
  })
  .refine(({ tls, servers }) => tls === undefined || servers.every((url) => url.startsWith('amqps:')), {
    error: 'is for amqps: only',
    path: ['tls'],
  });

/** What the class gets. */
export type AmqpOptions = Readonly<z.output<typeof amqpOptions>>;
