/** Text from the network as a header value (attack A6): one line, no control characters, bounded, valid Unicode. */

/** In characters. Longer values are cut: only what a client says of itself can be so long. An address has 254 octets at most. */
const LONGEST = 255;

// Controls of both kinds, line ends of Unicode, the marks that turn the direction of writing, and halves of characters.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Cs}]/gu;

const NOT_ASCII = /[^ -~]/g;

/** `?` stands for what may not be in a header. */
export function cleanValue(text: string, longest = LONGEST): string {
  return text.slice(0, longest).replace(UNSAFE, '?');
}

/** JSON in ASCII alone: what is not is escaped, so that it is the same in every broker and in every character set. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(NOT_ASCII, escapeOne);
}

function escapeOne(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
