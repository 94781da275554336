/** People who can prove who they are, for conversations: an authenticator in code. */
import { definePlugin, use, type Authenticator, type PluginUse, type ScramHash } from '@mailverb/contract';
import { testScramKeys } from '@mailverb/testing';

/** Name to password. */
export type Users = Readonly<Record<string, string>>;

/** As many as the mechanism says that nobody's keys have: names could be told apart otherwise. */
const ITERATIONS = 10_000;

/**
 * Knows these people by password (so by SCRAM too), by the bearer token `token-of-<name>`, and by a certificate whose common name is theirs.
 * `boss` may act as anybody.
 */
export function authenticatorOf(users: Users): Authenticator {
  const passwords = new Map(Object.entries(users));
  const known = (name: string | undefined) => (name !== undefined && passwords.has(name) ? name : undefined);
  return {
    password: (name, password) => (passwords.get(name) === password ? name : undefined),
    scram(name: string, hash: ScramHash) {
      const password = passwords.get(name);
      return password === undefined ? undefined : testScramKeys(password, hash, ITERATIONS);
    },
    token: (token) => known(/^token-of-(.+)$/.exec(token)?.[1]),
    certificate: ({ commonName }) => known(commonName),
    mayActAs: (name) => name === 'boss',
  };
}

/** The plugin of {@link authenticatorOf}. */
export function usersPlugin(users: Users): PluginUse {
  return authenticating(authenticatorOf(users));
}

/** An authenticator as a plugin. */
export function authenticating(authenticator: Authenticator): PluginUse {
  return use(
    definePlugin({
      name: 'auth-conformance',
      register(contribute) {
        contribute.authenticator(authenticator);
      },
    }),
  );
}
