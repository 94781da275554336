/**
 * HELO (RFC 5321 4.1.1.1): the client says who it is, and no extensions are in use.
 * Its replies have no enhanced status codes, the refusing ones neither (RFC 2034 4).
 */
import {
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
import type { HeloOptions } from './helo.options.js';

const SYNTAX = reply(501, undefined, 'Syntax: HELO hostname');
const BAD_NAME = reply(501, undefined, 'HELO needs a host name or an address literal');

/** The verb HELO. Its parameters are the name that the client gave. */
@injectable()
export class HeloVerb implements Verb<string> {
  readonly name = 'HELO';
  readonly phases = PHASE_TABLE.HELO.phases;
  readonly endsBatch = PHASE_TABLE.HELO.endsBatch;
  readonly stage = 'helo';
  readonly help = 'HELO hostname';
  private readonly ok: Reply;

  constructor(
    @inject(Options) private readonly options: HeloOptions,
    @inject(Listener) listener: ListenerInfo,
  ) {
    this.ok = reply(250, undefined, listener.hostname);
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
    return { stage: 'helo', input: { session, name, verb: 'HELO' } };
  }

  perform(name: string): VerbOutcome {
    return { reply: this.ok, effect: { type: 'greet', name, extended: false } };
  }
}
