/** As whom somebody may act who has proved to be somebody (RFC 4422 3.4.1). */
import type { Authenticator, SaslStep, Session } from '@mailverb/contract';
import { NOT_ALLOWED, WRONG } from './failures.js';

/**
 * The name to go on under, or undefined if it may not act as whom it asks for: an authorization identity is honoured or refused, never
 * ignored (attack A18). Rejects where the authenticator can't tell.
 * @param name whom the authenticator says it is.
 * @param authzid as whom it wants to act; undefined or empty for as whom it is.
 * @param claimed whom it said to be, where the authenticator may say it differently: it may ask for itself by that name too.
 */
export async function authorize(
  authenticator: Authenticator,
  name: string,
  authzid: string | undefined,
  session: Session,
  claimed: string = name,
): Promise<string | undefined> {
  if (authzid === undefined || authzid === '' || authzid === name || authzid === claimed) return name;
  // Exactly true: whoever is written without types may mean anything by something that is only truthy.
  return (await authenticator.mayActAs?.(name, authzid, session)) === true ? authzid : undefined;
}

/**
 * The end of an exchange: what the authenticator has said, and what comes of the authorization identity.
 * @param name whom it says it is. Anything but a name is nobody: an authenticator that was written without types may say `false`.
 * @param authzid, claimed as for {@link authorize}.
 */
export async function conclude(
  authenticator: Authenticator,
  name: string | undefined,
  authzid: string | undefined,
  session: Session,
  claimed?: string,
): Promise<SaslStep> {
  if (!isName(name)) return WRONG;
  const as = await authorize(authenticator, name, authzid, session, claimed);
  return as === undefined ? NOT_ALLOWED : { type: 'success', name: as };
}

/** True for a name as an authenticator says it: text, and not empty. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '';
}
