/** Which of our EHLO keywords make sense where another server must take what we take. */
import type { ServerCapabilities } from '@mailverb/client';

/** Those that promise something about the message, and so must be promised by both. All others are between the client and us. */
const PASSED_ON: ReadonlySet<string> = new Set(['8BITMIME', 'SMTPUTF8', 'BINARYMIME', 'DSN']);

/** What follows our keyword, as far as the server behind can keep it; false if it can't. @param theirs undefined if that is not known. */
export function offeredBehind(
  theirs: ServerCapabilities | undefined,
  keyword: string,
  argument: string | undefined,
): string | undefined | false {
  if (theirs === undefined) return argument;
  if (keyword === 'SIZE') return smaller(argument, theirs.size);
  if (!PASSED_ON.has(keyword)) return argument;
  // Binary data goes by BDAT only (RFC 3030 3).
  return theirs.has(keyword) && (keyword !== 'BINARYMIME' || theirs.has('CHUNKING')) ? argument : false;
}

function smaller(ours: string | undefined, theirs: number | undefined): string | undefined {
  if (theirs === undefined) return ours;
  return ours === undefined ? String(theirs) : String(Math.min(Number(ours), theirs));
}
