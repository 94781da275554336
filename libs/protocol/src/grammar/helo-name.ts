/** The name that a client gives itself in HELO, EHLO and LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1), or that a trusted peer gives it. */
import { parseHost } from './host.js';

/** RFC 5321 4.5.3.1.2: a domain has at most 255 octets. */
const MAX_NAME = 255;

/**
 * Letters, digits, and what RFC 5322 allows in an atom, with the dot, the colon, the brackets and "@". Many clients send names that are
 * no host names, and RFC 5321 4.1.4 wants them served; but a parenthesis, a quote or an angle bracket would change the meaning
 * of the Received field that the name goes into, and a control byte of a log line (attack A6).
 */
const HARMLESS: ReadonlySet<number> = new Set(
  Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]!#$%&'*+/=?^`{|}~@", (c) =>
    c.charCodeAt(0),
  ),
);

/** How {@link isHeloName} may be strict. */
export interface HeloNameOptions {
  /** Takes only a domain (underscores allowed) or an address literal. */
  readonly strict?: boolean;
}

/** True if such a name may be taken, which does not mean that it is true. */
export function isHeloName(name: string, { strict = false }: HeloNameOptions = {}): boolean {
  if (name.length === 0 || name.length > MAX_NAME) return false;
  for (let i = 0; i < name.length; i++) if (!HARMLESS.has(name.charCodeAt(i))) return false;
  return !strict || parseHost(name, { underscores: true }) !== undefined;
}
