/**
 * Text from the network as one harmless line (attack A6).
 *
 * What is escaped: C0 and C1 controls and DEL (they end lines and drive terminals), U+2028 and U+2029 (line ends to some readers), and the
 * marks that turn the direction of writing (they make a line read otherwise than it is).
 */

// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNSAFE_ALL = new RegExp(UNSAFE.source, 'g');
const UNSAFE_OR_BACKSLASH = new RegExp(`${UNSAFE.source}|\\\\`);
const UNSAFE_OR_BACKSLASH_ALL = new RegExp(UNSAFE_OR_BACKSLASH.source, 'g');

const SHORT = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
]);

/** True if the text holds something that must not stand in a log line. */
export function hasUnsafe(text: string): boolean {
  return UNSAFE.test(text);
}

/** For plain text: `\n`, `\x1b`, `\u202e`; a backslash is doubled, so that what is written can be told from what was sent. */
export function escapeText(text: string): string {
  // Nearly all text is harmless, and is given back as it is.
  return UNSAFE_OR_BACKSLASH.test(text) ? text.replace(UNSAFE_OR_BACKSLASH_ALL, escapeOne) : text;
}

/** {@link escapeText}, and each character of `separators` as well: for the values of a line that they divide into columns. */
export function escapeColumn(text: string, separators: string): string {
  let safe = escapeText(text);
  for (const separator of separators) if (safe.includes(separator)) safe = safe.replaceAll(separator, hex(separator));
  return safe;
}

/** For text that is JSON already: JSON escapes C0 alone, this does the others too. The meaning stays. */
export function escapeJson(json: string): string {
  return UNSAFE.test(json) ? json.replace(UNSAFE_ALL, unicode) : json;
}

function escapeOne(character: string): string {
  return SHORT.get(character) ?? hex(character);
}

function hex(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff ? unicode(character) : `\\x${code.toString(16).padStart(2, '0')}`;
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
