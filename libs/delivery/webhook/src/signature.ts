/**
 * Signatures over what is posted: HMAC-SHA-256 (RFC 2104) of the timestamp, a point and the body, so that a receiver knows who has sent it and
 * when. One signature for each secret: while a secret is changed a receiver may know the old one or the new one.
 */
import { createHmac } from 'node:crypto';

/** What is known of a body once it has been looked at. */
export interface Measured {
  readonly octets: number;
  /** The value of the header x-mailverb-signature; undefined without a secret. */
  readonly signature: string | undefined;
}

/** Looks at a body from its start to its end. @param timestamp seconds since the epoch. */
export async function measure(
  chunks: AsyncIterable<Uint8Array>,
  secrets: readonly string[],
  timestamp: number,
): Promise<Measured> {
  const macs = secrets.map((secret) => createHmac('sha256', secret).update(`${timestamp}.`));
  let octets = 0;
  for await (const chunk of chunks) {
    octets += chunk.length;
    for (const mac of macs) mac.update(chunk);
  }
  const signatures = macs.map((mac) => `v1=${mac.digest('hex')}`);
  return { octets, signature: signatures.length === 0 ? undefined : signatures.join(',') };
}
