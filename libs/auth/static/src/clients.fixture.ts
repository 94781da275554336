/** The client's side of SCRAM, as far as keys go: written a second time, from RFC 5802 3. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { ScramHash, ScramKeys } from '@mailverb/contract';

/** Somebody with a password. */
export class ScramClient {
  constructor(private readonly password: string) {}

  /** True if the server's keys are those of the password. */
  agreesWith(keys: ScramKeys | undefined, hash: ScramHash): boolean {
    if (keys === undefined) return false;
    const digest = hash === 'SHA-1' ? 'sha1' : 'sha256';
    const salted = pbkdf2Sync(this.password, keys.salt, keys.iterations, hash === 'SHA-1' ? 20 : 32, digest);
    const clientKey = createHmac(digest, salted).update('Client Key').digest();
    const serverKey = createHmac(digest, salted).update('Server Key').digest();
    const storedKey = createHash(digest).update(clientKey).digest();
    return storedKey.equals(keys.storedKey) && serverKey.equals(keys.serverKey);
  }
}
