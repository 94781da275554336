/**
 * Senders and recipients that were refused, which no record names: an envelope has only what was accepted.
 *
 * The commands tell: a MAIL or RCPT that is answered with 4xx or 5xx. One that nobody refuses leaves nothing behind.
 */
import type { Reply } from '@mailverb/protocol';

/** A path as the client wrote it, and why it was refused. */
export interface RefusedPath {
  /** With its brackets. */
  readonly path: string;
  readonly reply: Reply;
}

// A client may try many; so many are named (limits.errors ends most before).
const MAX_NAMED = 100;
// RFC 5321 4.5.3.1.3, and room for what was wrong with it.
const MAX_PATH = 300;

/** What was refused since it was last asked, of one session. */
export class RefusedCommands {
  private pending: { readonly verb: 'MAIL' | 'RCPT'; readonly path: string } | undefined;
  private senders: RefusedPath[] = [];
  private recipients: RefusedPath[] = [];

  /** A command that {@link pathOf} knows, or another. */
  command(pending: RefusedCommands['pending']): void {
    this.pending = pending;
  }

  reply(reply: Reply): void {
    const { pending } = this;
    if (pending === undefined) return;
    this.pending = undefined;
    if (reply.positive) {
      // A new transaction: what was refused before it belongs to none.
      if (pending.verb === 'MAIL') this.recipients = [];
      return;
    }
    const refused = pending.verb === 'MAIL' ? this.senders : this.recipients;
    if (refused.length < MAX_NAMED) refused.push({ path: pending.path, reply });
  }

  /** The recipients refused in the transaction that ends; then none. */
  takeRecipients(): readonly RefusedPath[] {
    const { recipients } = this;
    this.recipients = [];
    return recipients;
  }

  /** The senders refused in this session. */
  get refusedSenders(): readonly RefusedPath[] {
    return this.senders;
  }
}

/** The verb and path of a MAIL or RCPT command; undefined for other commands. */
export function pathOf(line: string): { readonly verb: 'MAIL' | 'RCPT'; readonly path: string } | undefined {
  // Most commands are neither: the first letter says so.
  const first = line.charCodeAt(0) | 0x20;
  if (first !== 0x6d && first !== 0x72) return undefined;
  const word = line.slice(0, 5).toUpperCase();
  if (word !== 'MAIL ' && word !== 'RCPT ') return undefined;
  const verb = word === 'MAIL ' ? 'MAIL' : 'RCPT';
  const open = line.indexOf('<');
  const path = open === -1 ? line.slice(line.indexOf(':') + 1).trim() : line.slice(open, pathEnd(line, open));
  return { verb, path: path.slice(0, MAX_PATH) };
}

// The bracket that closes it: not one in quotes.
function pathEnd(line: string, open: number): number {
  let quoted = false;
  for (let i = open + 1; i < line.length; i++) {
    const character = line[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) return i + 1;
  }
  return line.length;
}
