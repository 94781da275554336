/** As whom somebody may act who has proved to be somebody (RFC 4422 3.4.1). */
import type { Authenticator, Session } from '@mailverb/contract';

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
