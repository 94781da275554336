/** What stands in a table of aliases: one address or several, as a list or with commas between. */
import { addressKey } from '@mailverb/lookup';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { z } from 'zod';

/** Where an address is forwarded to: at least one, each once. */
export type Targets = readonly Mailbox[];

const EXPECTED = 'expected an address such as ann@example.org, or several with commas between';

/** The form of a value. Gives {@link Targets}. */
export const targets = z
  .union([z.string(), z.array(z.string())], { error: EXPECTED })
  .transform((written, context): Targets => {
    const found = new Map<string, Mailbox>();
    for (const text of typeof written === 'string' ? atCommas(written) : written) {
      const mailbox = parseMailbox(text.trim());
      if (mailbox === undefined) {
        context.addIssue({ code: 'custom', message: EXPECTED, input: text });
        return z.NEVER;
      }
      found.set(addressKey(mailbox), mailbox);
    }
    if (found.size === 0) context.addIssue({ code: 'custom', message: EXPECTED, input: written });
    return [...found.values()];
  });

/** A comma in a quoted local part is none between addresses. */
function atCommas(text: string): readonly string[] {
  const pieces: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at++;
    else if (!quoted && character === ',') {
      pieces.push(text.slice(from, at));
      from = at + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces;
}
