/** Mailboxes of parts that were put together: read again by the one reader of addresses, so that nothing else comes out (attack A7). */
import { parseMailbox, type Mailbox } from '@mailverb/protocol';

/** The mailbox with that local part (without its quotes) and domain; undefined if there can be none, also because it would be too long. */
export function mailboxOf(local: string, domain: string): Mailbox | undefined {
  if (local === '') return undefined;
  const plain = parseMailbox(`${local}@${domain}`);
  // What has an @ or quotes of its own is read as something else.
  if (plain?.local === local) return plain;
  const quoted = parseMailbox(`"${local.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"@${domain}`);
  return quoted?.local === local ? quoted : undefined;
}
