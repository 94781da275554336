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
import { PHASE_TABLE, Reply, isHeloName, reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { EhloOptions } from './ehlo.options.js';

const SYNTAX = reply(501, undefined, 'Syntax: EHLO hostname');
const BAD_NAME = reply(501, undefined, 'EHLO needs a host name or an address literal');

/** Sessions differ little in what they are offered (TLS or not, authenticated or not), so a few replies serve all. */
const CACHED_REPLIES = 8;

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

  /** RFC 2033 4.1: an LMTP server has LHLO instead. */
  available({ listener }: Session): boolean {
    return listener.protocol === 'smtp';
  }

  parse(name: string): string | Reply {
    if (name.length === 0 || name.includes(' ')) return SYNTAX;
    return isHeloName(name, this.options) ? name : BAD_NAME;
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
