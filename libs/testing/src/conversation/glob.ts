/** The one pattern of conversation files: `*` for any run of characters. */

/** True if `text` is `pattern`, where each `*` stands for any run of characters, also none. Linear in the text for each `*`. */
export function matchesGlob(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  const last = pieces[pieces.length - 1] ?? '';
  return text.length - last.length >= at && text.endsWith(last);
}
