/**
 * `tls-server-end-point` (RFC 5929 4): the hash of the server's certificate, by the hash of its signature; SHA-256 where that is MD5 or SHA-1.
 *
 * Node does not tell a certificate's signature algorithm before version 24, so its object identifier is read out of the DER, of which no more is
 * understood than where things end.
 */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Object identifiers of signature algorithms whose hash is not SHA-256, in hexadecimal. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a864886f70d01010e', 'sha224'],
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);
/** MD5 and SHA-1 with RSA, SHA-1 with ECDSA: hashed by SHA-256; and SHA-256 with both. */
const SHA256: ReadonlySet<string> = new Set([
  '2a864886f70d010104',
  '2a864886f70d010105',
  '2a8648ce3d0401',
  '2a864886f70d01010b',
  '2a8648ce3d040302',
]);

/** The binding of a server's socket; undefined where its certificate has no single hash (RSASSA-PSS, Ed25519: RFC 5929 leaves them open). */
export function serverEndPoint(socket: TLSSocket): Uint8Array | undefined {
  const own = socket.getCertificate();
  if (own === null || !('raw' in own) || !Buffer.isBuffer(own.raw)) return undefined;
  const oid = signatureAlgorithm(own.raw);
  if (oid === undefined) return undefined;
  const hash = SHA256.has(oid) ? 'sha256' : HASHES.get(oid);
  return hash === undefined ? undefined : createHash(hash).update(own.raw).digest();
}

/** RFC 5280 4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID … }, … }. */
export function signatureAlgorithm(der: Uint8Array): string | undefined {
  const certificate = element(der, 0);
  const body = certificate === undefined ? undefined : element(der, certificate.from);
  const algorithm = body === undefined ? undefined : element(der, body.to);
  const oid = algorithm === undefined ? undefined : element(der, algorithm.from);
  if (oid?.tag !== 0x06) return undefined;
  return Buffer.from(der.subarray(oid.from, oid.to)).toString('hex');
}

/** Where the contents of a DER element are. */
function element(der: Uint8Array, at: number): { tag: number; from: number; to: number } | undefined {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, from: at + 2, to: at + 2 + first };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 3) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  const from = at + 2 + octets;
  return from + length <= der.length ? { tag, from, to: from + length } : undefined;
}
