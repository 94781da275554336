/**
 * Certificates that are made on the spot: for a developer's server, and for tests, so that no key lies in a repository and none expires there.
 * For the world, take one from a certificate authority.
 */
import { isIP } from 'node:net';

/** A certificate with its key, both PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What stands in a certificate. */
export interface CertificateOptions {
  /** DNS names and addresses; the first is the common name too. Default `localhost` and its addresses. */
  readonly names?: readonly string[];
  /** Mail addresses (rfc822Name), for clients. */
  readonly emails?: readonly string[];
  /** Common name, where it is none of the names. */
  readonly commonName?: string;
  /** True for one that signs others. */
  readonly authority?: boolean;
  /** Who signs it; default it signs itself. */
  readonly signedBy?: MadeCertificate;
  /** When its time begins, in milliseconds since the epoch; default now. */
  readonly from?: number;
  /** How many days it is valid; default 2. */
  readonly days?: number;
}

const DAY_MS = 86_400_000;

/** Makes an ECDSA P-256 certificate, signed with SHA-256: good for a server and for a client. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<MadeCertificate> {
  const { names = ['localhost', '127.0.0.1', '::1'], emails = [], authority = false, signedBy } = options;
  const { from = Date.now(), days = 2 } = options;
  // Only who wants a certificate pays for loading it.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: options.commonName ?? names[0] ?? '' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + days * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      authority
        ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
        : { name: 'keyUsage', digitalSignature: true, critical: true },
      ...(authority ? [] : [{ name: 'extKeyUsage' as const, serverAuth: true, clientAuth: true }]),
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((name) =>
            isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
          ),
          ...emails.map((value) => ({ type: 1 as const, value })),
        ],
      },
    ],
    ...(signedBy === undefined ? {} : { ca: { cert: signedBy.cert, key: signedBy.key } }),
  });
  return { cert: made.cert, key: made.private };
}
