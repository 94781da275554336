/**
 * EHLO (RFC 5321 4.1.1.1): the client says who it is and hears which extensions it may use.
 * Its replies have no enhanced status codes, the refusing ones neither (RFC 2034 4).
 */
import {
  Capabilities,
  Listener,
  Options,
  type ListenerInfo,
  type Session,
  type StageQuestion,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import { PHASE_TABLE, Reply, parseHost, reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { EhloOptions } from './ehlo.options.js';

const SYNTAX = reply(501, undefined, 'Syntax: EHLO hostname');
const BAD_NAME = reply(501, undefined, 'EHLO needs a host name or an address literal');

/** Sessions differ little in what they are offered (TLS or not, authenticated or not), so a few replies serve all. */
const CACHED_REPLIES = 8;

/** RFC 5321 4.5.3.1.2: a domain has at most 255 octets. */
const MAX_NAME = 255;

const HARMLESS: ReadonlySet<number> = new Set(
  Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]!#$%&'*+/=?^`{|}~@", (c) =>
    c.charCodeAt(0),
  ),
);

/** The verb EHLO. Its parameters are the name that the client gave. */
@injectable()
export class EhloVerb implements Verb<string> {
  readonly name = 'EHLO';
  readonly phases = PHASE_TABLE.EHLO.phases;
  readonly endsBatch = PHASE_TABLE.EHLO.endsBatch;
  readonly stage = 'helo';
  readonly help = 'EHLO hostname';
  private readonly hostname: string;
  // Replies by their lines: no session's own, and of bounded number.
  private readonly replies: Reply[] = [];

  constructor(
    @inject(Options) private readonly options: EhloOptions,
    @inject(Listener) listener: ListenerInfo,
    @inject(Capabilities) private readonly capabilities: Capabilities,
  ) {
    this.hostname = listener.hostname;
  }

  parse(name: string): string | Reply {
    if (name.length === 0 || name.includes(' ')) return SYNTAX;
    if (!harmless(name)) return BAD_NAME;
    return this.options.strict && parseHost(name, { underscores: true }) === undefined ? BAD_NAME : name;
  }

  question(name: string, session: Session): StageQuestion {
    return { stage: 'helo', input: { session, name, verb: 'EHLO' } };
  }

  perform(name: string, session: Session): VerbOutcome {
    return { reply: this.replyFor(session), effect: { type: 'greet', name, extended: true } };
  }

  private replyFor(session: Session): Reply {
    const lines = this.capabilities.lines(session);
    for (const known of this.replies) if (says(known, lines)) return known;
    const made = reply(250, undefined, this.hostname, ...lines);
    if (this.replies.length === CACHED_REPLIES) this.replies.shift();
    this.replies.push(made);
    return made;
  }
}

/** True if `known` has these lines after its first. */
function says(known: Reply, lines: readonly string[]): boolean {
  if (known.lines.length !== lines.length + 1) return false;
  for (let i = 0; i < lines.length; i++) if (known.lines[i + 1] !== lines[i]) return false;
  return true;
}

/**
 * Letters, digits, and what RFC 5322 allows in an atom, with the dot, the colon, the brackets and "@". Many clients send names that are
 * no host names, and RFC 5321 4.1.4 wants them served; but a parenthesis, a quote or an angle bracket would change the meaning
 * of the Received field that the name goes into, and a control byte of a log line (attack A6).
 */
function harmless(name: string): boolean {
  if (name.length === 0 || name.length > MAX_NAME) return false;
  for (let i = 0; i < name.length; i++) if (!HARMLESS.has(name.charCodeAt(i))) return false;
  return true;
}
