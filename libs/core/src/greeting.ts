/** What a listener says of itself behind its name in the greeting (RFC 5321 4.2: `220 <domain> <text>`). */
import { z } from 'zod';

/** With the code, the longest domain (255 octets) and CRLF it is still one line of 512 octets (RFC 5321 4.5.3.1.5). */
const MOST_CHARACTERS = 200;

// Nothing else may get into a reply (attack A6); it would come out as `?`.
const PRINTABLE = /^[!-~](?:[ -~]*[!-~])?$/;

/** The text of a greeting. */
export const greetingSchema = z
  .string()
  .max(MOST_CHARACTERS, `expected no more than ${MOST_CHARACTERS} characters`)
  .regex(PRINTABLE, 'expected printable ASCII without a space at either end');
