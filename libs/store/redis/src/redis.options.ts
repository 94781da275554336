/** Options of the store redis. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

const file = () => z.string().min(1);

const tlsSchema = z
  .strictObject({
    ca: file().optional().describe('PEM file of who signed the certificate of Redis; the usual ones by default.'),
    cert: file().optional().describe('PEM file of our own certificate, where Redis asks for one.'),
    key: file().optional().describe('PEM file of its key.'),
    serverName: z.string().min(1).optional().describe('The name that the certificate must have; `host` by default.'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'expected both cert and key, or neither',
    path: ['key'],
  });

export const redisOptions = z
  .strictObject({
    host: z.string().min(1).optional().describe('Where Redis listens; `127.0.0.1` by default.'),
    port: z.int().min(1).max(65_535).optional().describe('Its port; 6379 by default.'),
    path: z.string().min(1).optional().describe('Its unix socket, in place of host and port.'),
    username: z.string().min(1).optional().describe('Who logs in; the user `default` if only a password is said.'),
    password: z.string().min(1).optional().describe('The password; without one nobody logs in.'),
    database: z.int().min(0).default(0).describe('The number of the database.'),
    prefix: z.string().max(200).default('mailverb:').describe('What all keys begin with.'),
    tls: z
      .union([z.boolean(), tlsSchema], { error: 'expected true, false, or ca, cert, key and serverName' })
      .default(false)
      .describe('Whether the connection is encrypted, and by what the certificate of Redis is checked.'),
    timeout: duration()
      .refine((ms) => ms > 0, 'expected a duration above 0')
      .default(2_000)
      .describe('How long connecting, and each operation, may take.'),
  })
  .superRefine(({ host, port, path, tls, username, password }, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (path !== undefined && (host !== undefined || port !== undefined))
      wrong('path', 'expected no host and no port beside it');
    if (path !== undefined && tls !== false) wrong('tls', 'expected no TLS on a unix socket');
    if (username !== undefined && password === undefined) wrong('password', 'expected one beside username');
  });

/** What the class gets. */
export type RedisOptions = Readonly<z.output<typeof redisOptions>>;
