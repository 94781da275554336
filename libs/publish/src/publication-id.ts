/**
 * The id of a publication: a digest of all that makes it this one. One transaction may publish several times, also by two strategies (router, tee) and
 * with another envelope (rewrite), and a broker that drops duplicates must not take two for one: the second would be lost behind a 250.
 */
import { createHash } from 'node:crypto';
import type { Publication } from './publication.js';

/** What it is made of. */
export interface Identified extends Pick<Publication, 'target' | 'headers'> {
  /** SHA-256 of the body, hexadecimal. */
  readonly bodyDigest: string;
}

export function publicationId(envelopeId: string, { target, headers, bodyDigest }: Identified): string {
  const digest = createHash('sha256').update(JSON.stringify([target, [...headers], bodyDigest]));
  const readable = envelopeId.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 80);
  return `${readable}-${digest.digest('hex').slice(0, 32)}`;
}
