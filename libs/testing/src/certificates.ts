/** Certificates for tests: made on the spot, so that no key lies in a repository and none expires there. */
import { generate } from 'selfsigned';

/** A certificate with its key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What stands in a certificate. */
export interface TestCertificateOptions {
  /** DNS names; the first is the common name too. Default `localhost`. */
  readonly names?: readonly string[];
  /** rfc822 names, for clients. */
  readonly emails?: readonly string[];
  /** Common name, where it is none of the names. */
  readonly commonName?: string;
  /** True for one that signs others. */
  readonly authority?: boolean;
  /** Who signs it; default it signs itself. */
  readonly signedBy?: TestCertificate;
  /** Days from now; negative for one that has expired. Default 2. */
  readonly days?: number;
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
}

/** Makes an ECDSA P-256 certificate: quick, and good for client and server. */
export async function testCertificate(options: TestCertificateOptions = {}): Promise<TestCertificate> {
  const { names = ['localhost'], emails = [], authority = false, signedBy, days = 2, hash = 'sha256' } = options;
  const day = 86_400_000;
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...emails.map((value) => ({ type: 1 as const, value })),
    { type: 7 as const, ip: '127.0.0.1' },
  ];
  const made = await generate([{ name: 'commonName', value: options.commonName ?? names[0] ?? 'nobody' }], {
    keyType: 'ec',
    algorithm: hash,
    notBeforeDate: new Date(Date.now() - 3 * day),
    notAfterDate: new Date(Date.now() + days * day),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      authority
        ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
        : { name: 'keyUsage', digitalSignature: true, critical: true },
      ...(authority ? [] : [{ name: 'extKeyUsage' as const, serverAuth: true, clientAuth: true }]),
      { name: 'subjectAltName', altNames },
    ],
    ...(signedBy === undefined ? {} : { ca: { cert: signedBy.cert, key: signedBy.key } }),
  });
  return { cert: made.cert, key: made.private };
}
