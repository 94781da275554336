/**
 * LHLO (RFC 2033 4.1): EHLO of LMTP. It means the same; that it is another word keeps a client of one protocol from talking to a server of the
 * other. Its replies have no enhanced status codes, the refusing ones neither (RFC 2034 4).
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
import type { LhloOptions } from './lhlo.options.js';

const SYNTAX = reply(501, undefined, 'Syntax: LHLO hostname');
const BAD_NAME = reply(501, undefined, 'LHLO needs a host name or an address literal');

/** The verb LHLO. Its parameters are the name that the client gave. */
@injectable()
export class LhloVerb implements Verb<string> {
  readonly name = 'LHLO';
  readonly phases = PHASE_TABLE.LHLO.phases;
  readonly endsBatch = PHASE_TABLE.LHLO.endsBatch;
  readonly stage = 'helo';
  readonly help = 'LHLO hostname';
  private readonly hostname: string;

  constructor(
    @inject(Options) private readonly options: LhloOptions,
    @inject(Listener) listener: ListenerInfo,
    @inject(Capabilities) private readonly capabilities: Capabilities,
  ) {
    this.hostname = listener.hostname;
  }

  available({ listener }: Session): boolean {
    return listener.protocol === 'lmtp';
  }

  parse(name: string): string | Reply {
    if (name.length === 0 || name.includes(' ')) return SYNTAX;
    return isHeloName(name, this.options) ? name : BAD_NAME;
  }

  question(name: string, session: Session): StageQuestion {
    return { stage: 'helo', input: { session, name, verb: 'LHLO' } };
  }

  /** The reply is made anew each time: clients of LMTP are few, and keep their sessions. */
  perform(name: string, session: Session): VerbOutcome {
    return {
      reply: reply(250, undefined, this.hostname, ...this.capabilities.lines(session)),
      effect: { type: 'greet', name, extended: true },
    };
  }
}
