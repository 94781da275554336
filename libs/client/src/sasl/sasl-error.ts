/** What goes wrong in SASL on the client's side. */

/**
 * `credentials`: ours can't be used, or could not be had. `malformed`: what the server sent makes no sense here. `refused`: the server said why it will say
 * no. `untrusted`: the server has not shown that it knows us, or asks for what only somebody hostile would.
 */
export type SaslFault = 'credentials' | 'malformed' | 'refused' | 'untrusted';

/** The attempt is over. Its message is fixed words and known codes: nothing of a secret, and nothing that a server has made up. */
export class SaslError extends Error {
  override readonly name = 'SaslError';

  constructor(
    readonly fault: SaslFault,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
