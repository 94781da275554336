/** Causes of errors, for the log. */
import { cleanText } from '@mailverb/protocol';

/** `ECONNREFUSED`, `ERR_TLS_CERT_ALTNAME_INVALID`: letters of a fixed set, that nobody has put a password into. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const NAME = /^[A-Za-z]{1,64}$/;

/**
 * What kind of error it is, and its code. Never its words: whoever checks credentials may have written them there, in whatever form
 * (attack A23). Who has more to say has a logger.
 */
export function causeOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return 'an error';
    const name = NAME.test(error.name) ? error.name : 'Error';
    const code: unknown = Reflect.get(error, 'code');
    return typeof code === 'string' && CODE.test(code) ? `${name} ${code}` : name;
  } catch {
    return 'an error';
  }
}

/** The error's words: for what has never seen a credential, as the store has not. */
export function wordsOf(error: unknown): string {
  try {
    return cleanText(error instanceof Error ? error.message : String(error));
  } catch {
    return 'an error without words';
  }
}
