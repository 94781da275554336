/** Options of the delivery strategy s3. */
import { StorageClass } from '@aws-sdk/client-s3';
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';
import { KeyTemplate } from './object-key.js';

const MIB = 1024 * 1024;

const credentials = z.strictObject({
  accessKeyId: z.string().min(1).describe('The public part.'),
  secretAccessKey: z.string().min(1).describe('The secret part.'),
  sessionToken: z.string().min(1).optional().describe('For credentials that end.'),
});

const encryption = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('AES256').describe("The store's own keys.") }),
  z.strictObject({
    kind: z.literal('aws:kms').describe('Keys of the key service.'),
    keyId: z.string().min(1).optional().describe('Which; default that of the bucket.'),
  }),
]);

/** Which store, under which names, and how. */
export const s3Options = z.strictObject({
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, { error: 'expected the name of a bucket' })
    .describe('The bucket; it must be there.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    // It would be seen wherever the URL is.
    .refine(
      (url) => !/^[^/]*\/\/[^/?#]*@/.test(url),
      'expected no name and password in it: they belong into credentials',
    )
    .optional()
    .describe('URL of the store; default that of Amazon for the region.'),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'expected a region such as eu-central-1' })
    .default('us-east-1')
    .describe('The region; many stores do not care.'),
  forcePathStyle: z
    .boolean()
    .default(false)
    .describe('Name the bucket in the path and not in the host name: most stores that are not from Amazon want it.'),
  credentials: credentials
    .optional()
    .describe("Who we are; default what the SDK finds: environment, ~/.aws, the machine's or container's role."),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of who signed the certificate of the store; default the usual ones.'),
  key: z
    .string()
    .superRefine((template, context) => {
      try {
        void new KeyTemplate(template);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof RangeError ? error.message : 'expected a key' });
      }
    })
    .default('{year}/{month}/{day}/{id}-{random}')
    .describe(
      'Name of the object, without .eml: {year}, {month}, {day}, {hour} (UTC), {id}, and {random}, which it needs.',
    ),
  envelope: z
    .enum(['sidecar', 'metadata'])
    .default('sidecar')
    .describe(
      'sidecar: in a JSON object of the same name with .json, which is there before the message is. metadata: in the metadata of the message, where there is room for a few recipients; more hear 452.',
    ),
  checksum: z
    .enum(['md5', 'sha256'])
    .default('md5')
    .describe(
      'What the store compares with what it got, beside the signature: Content-MD5, or x-amz-checksum-sha256, which not all know.',
    ),
  encryption: encryption.optional().describe('Have the store encrypt objects; default what the bucket says.'),
  storageClass: z.enum(StorageClass).optional().describe('Default what the bucket says.'),
  hold: z
    .boolean()
    .default(true)
    .describe(
      'Hold a message until it is complete, on the disk if it is large, before any of it is sent. If not, it is sent as it comes, which needs up to partSize of memory for each client that sends slowly.',
    ),
  partSize: octets()
    .default(8 * MIB)
    .refine((size) => size >= 5 * MIB, 'expected 5MiB or more: stores take no smaller parts')
    .describe('Messages beyond this are sent in parts of this size.'),
  maxMemory: octets()
    .default(256 * MIB)
    .describe('Octets of all messages that are in memory; beyond it messages are deferred with 452.'),
  timeout: duration().default(60_000).describe('How long one request may take, with what it sends.'),
  connectTimeout: duration().default(5000).describe('How long a connection may take.'),
  maxAttempts: z.int().min(1).max(5).default(2).describe('How often a request is tried that failed for the moment.'),
  maxConnections: z.int().min(1).max(10_000).default(50).describe('Connections at once; requests wait for one.'),
  check: z
    .boolean()
    .default(false)
    .describe('Look at the start whether the bucket can be reached, and do not start if not.'),
});

export type S3OptionsInput = z.input<typeof s3Options>;
/** What the class gets. */
export type S3Options = Readonly<z.output<typeof s3Options>>;
