/** Words of the client in a Received field (attack A6): by allow-list, so that nothing can end a field, a comment or a clause. */

/** What RFC 5322 3.2.3 allows in an atom, and what else host names, addresses and user names need. */
const ALLOWED = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.:[]@") {
  ALLOWED[c.charCodeAt(0)] = 1;
}

/** RFC 5321 4.5.3.1.2, for domains; nothing else that is shown needs more. */
const LONGEST = 255;

/** The text, with `?` for what may not stand there, cut to 255 characters; the same string if it is clean, as nearly all are. */
export function clean(text: string): string {
  if (text.length <= LONGEST && isClean(text)) return text;
  let cleaned = '';
  for (let at = 0; at < text.length && at < LONGEST; at++) {
    cleaned += ALLOWED[text.charCodeAt(at)] === 1 ? text[at] : '?';
  }
  return cleaned;
}

function isClean(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (ALLOWED[text.charCodeAt(at)] !== 1) return false;
  return true;
}
