/** Which fields are secrets, by their names (attack A23). */

// Anywhere in a name: `smtpPassword`, `client_secret`, `proxy-authorization`.
const WITHIN = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'credential',
  'authorization',
  'apikey',
  'privatekey',
  'accesskey',
];
// At the end: `accessToken`, `tokens`, but not `tokenize`.
const ENDS = ['token', 'tokens'];
// Alone: inside another word they mean something else (`bypass`, `compass`).
const WHOLE = ['pass', 'pwd', 'cookie', 'setcookie', 'bearer'];

// Names come from code, so few are different; the bound is for those that come from elsewhere, in nested values.
const REMEMBERED = 500;

/**
 * Makes the question "is a field of this name a secret?". Case, `-` and `_` do not matter.
 * @param extra more names, each compared as a whole.
 */
export function secretNames(extra: readonly string[] = []): (name: string) => boolean {
  const whole = new Set([...WHOLE, ...extra.map(bare)]);
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const word = bare(name);
    const secret =
      whole.has(word) || WITHIN.some((part) => word.includes(part)) || ENDS.some((part) => word.endsWith(part));
    if (known.size < REMEMBERED) known.set(name, secret);
    return secret;
  };
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll('-', '').replaceAll('_', '');
}
