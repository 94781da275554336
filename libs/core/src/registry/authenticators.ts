/**
 * Several authenticators as one: asked in their order, the first that knows decides. One that cannot tell (attack A26) does not keep the others from
 * knowing; but if nobody does, the answer is that nobody can tell, and never that the credentials are wrong.
 */
import { isPromise, type Authenticator, type MaybePromise } from '@mailverb/contract';

/** One that has the methods which at least one of them has. */
export function allAuthenticators(all: readonly Authenticator[]): Authenticator {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only;
  const combined: Authenticator = {};
  const passwords = having(all, 'password');
  if (passwords.length > 0) {
    combined.password = (...args) => firstKnown(passwords, (one) => one.password(...args));
  }
  const scrams = having(all, 'scram');
  if (scrams.length > 0) combined.scram = (...args) => firstKnown(scrams, (one) => one.scram(...args));
  const tokens = having(all, 'token');
  if (tokens.length > 0) combined.token = (...args) => firstKnown(tokens, (one) => one.token(...args));
  const certificates = having(all, 'certificate');
  if (certificates.length > 0) {
    combined.certificate = (...args) => firstKnown(certificates, (one) => one.certificate(...args));
  }
  const acting = having(all, 'mayActAs');
  if (acting.length > 0) {
    combined.mayActAs = async (...args) =>
      (await firstKnown(acting, async (one) => ((await one.mayActAs(...args)) ? true : undefined))) === true;
  }
  return combined;
}

type Having<K extends keyof Authenticator> = Authenticator & Required<Pick<Authenticator, K>>;

function having<K extends keyof Authenticator>(all: readonly Authenticator[], method: K): readonly Having<K>[] {
  return all.filter((one): one is Having<K> => typeof one[method] === 'function');
}

async function firstKnown<A, T>(
  all: readonly A[],
  ask: (one: A) => MaybePromise<T | undefined>,
): Promise<T | undefined> {
  let failure: { readonly error: unknown } | undefined;
  for (const one of all) {
    try {
      const answer = ask(one);
      const known = isPromise(answer) ? await answer : answer;
      if (known !== undefined) return known;
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return undefined;
}
