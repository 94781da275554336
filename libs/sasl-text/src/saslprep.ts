/** SASLprep (RFC 4013): the one form of names and passwords that can be written in several. */
import prepare from '@mongodb-js/saslprep';

/** Longer than any name or password that is taken; the library would run out of stack before it ran out of characters. */
const MAX_LENGTH = 4096;

/** Most of them are, and prepared they are what they were. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/**
 * The text prepared as a query (RFC 3454 7: what Unicode 3.2 has not assigned may stand in it, as what is not stored can't be found), or
 * undefined where it can't be: it has control characters or others that may not be there, mixes directions, or nothing remains of it.
 */
export function saslPrep(text: string): string | undefined {
  if (PRINTABLE.test(text)) return text;
  if (text.length > MAX_LENGTH) return undefined;
  try {
    // It throws for what it refuses, and by accident for what comes to nothing.
    return prepare(text, { allowUnassigned: true }) || undefined;
  } catch {
    return undefined;
  }
}
