/**
 * Authenticators: where identities come from. Asked by SASL mechanisms; one implements what it can, and a mechanism is offered only where
 * somebody can answer it. A listener may have several: they are asked in their order, and the first that knows decides.
 *
 * Whatever rejects (or throws) cannot tell: unless another one knows, AUTH then answers 454 and nobody is let in (attack A26).
 */
import type { MaybePromise } from './promise.js';
import type { ClientCertificate, Session } from './session.js';
import { token } from './token.js';

/** RFC 5802 and RFC 7677. */
export type ScramHash = 'SHA-1' | 'SHA-256';

/** What a server keeps of a password for SCRAM (RFC 5802 3): enough to check it, not enough to log in with. */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Knows identities. */
export interface Authenticator {
  /**
   * The name to act under, or undefined if the credentials are wrong. Must take as long for an unknown name as for a wrong password
   * (attack A18). Both are prepared by SASLprep (RFC 4013) where they can be.
   */
  password?(name: string, password: string, session: Session): MaybePromise<string | undefined>;
  /** The keys kept for a name; undefined for one that is unknown or has none of this hash: the mechanism goes on as if it had. */
  scram?(name: string, hash: ScramHash, session: Session): MaybePromise<ScramKeys | undefined>;
  /** The name that a bearer token (RFC 6750) stands for, or undefined if the token is no good. */
  token?(token: string, session: Session): MaybePromise<string | undefined>;
  /** The name that a verified client certificate stands for. */
  certificate?(certificate: ClientCertificate, session: Session): MaybePromise<string | undefined>;
  /** True if `name`, who has proved to be that, may act as `other` (the authorization identity). Absent means never. */
  mayActAs?(name: string, other: string, session: Session): MaybePromise<boolean>;
}

/** All authenticators of the listener as one: has exactly the methods that at least one of them has. */
export const Authenticator = token<Authenticator>('Authenticator');
