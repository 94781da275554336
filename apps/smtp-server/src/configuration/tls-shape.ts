/** The key `tls`: how a listener encrypts. Only the shape; that the files are there and belong together is judged by the core, which reads them. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

const file = () => z.string().min(1);
const passphrase = () => z.string().min(1).optional().describe('Of the key, if it has one; best from a reference.');

const certificateSchema = z.strictObject({
  cert: file().describe('PEM file: the certificate, then those between it and the root.'),
  key: file().describe('PEM file with its private key.'),
  passphrase: passphrase(),
});

/** `tls`, at the top and in a listener. */
export const tlsSchema = z.strictObject({
  cert: file()
    .optional()
    .describe('PEM file: the default certificate, then those between it and the root. Read again when it changes.'),
  key: file().optional().describe('PEM file with its private key.'),
  passphrase: passphrase(),
  certificates: z
    .array(certificateSchema)
    .optional()
    .describe('More certificates: the one is used whose names match what the client asks for (SNI).'),
  mode: z
    .enum(['starttls', 'implicit', 'none'])
    .optional()
    .describe(
      'Encrypted when the client asks for it (`starttls`), from the first octet (`implicit`), or not, whatever the top level says (`none`). Default `implicit` for port 465, else `starttls`.',
    ),
  clientCertificates: z
    .enum(['none', 'request', 'require'])
    .optional()
    .describe('Whether clients are asked for a certificate, and whether they must have one. Default `none`.'),
  clientAuthorities: file()
    .optional()
    .describe(
      "PEM file of those who may have signed a client's certificate. One that they have not is as good as none.",
    ),
  minimumVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional().describe('Default `TLSv1.2`, which is the floor.'),
  ciphers: z
    .string()
    .min(1)
    .optional()
    .describe("OpenSSL's notation; default those with forward secrecy and authenticated encryption."),
  reloadInterval: duration()
    .optional()
    .describe('Time between two looks at whether the files have changed; `0` for never. Default `10s`.'),
});

/** After validation. */
export type CheckedTls = z.output<typeof tlsSchema>;
