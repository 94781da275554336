/** QUIT (RFC 5321 4.1.1.10): goodbye; an open mail transaction is forgotten. */
import { Listener, type ListenerInfo, type Verb, type VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const NO_ARGUMENTS = reply(501, '5.5.4', 'Syntax: QUIT');
const NOTHING = Object.freeze({});

/** The verb QUIT. */
@injectable()
export class QuitVerb implements Verb<object> {
  readonly name = 'QUIT';
  readonly phases = PHASE_TABLE.QUIT.phases;
  readonly endsBatch = PHASE_TABLE.QUIT.endsBatch;
  readonly help = 'QUIT';
  private readonly outcome: VerbOutcome;

  constructor(@inject(Listener) listener: ListenerInfo) {
    this.outcome = Object.freeze({
      reply: reply(221, '2.0.0', `${listener.hostname} closing connection`),
      effect: Object.freeze({ type: 'close' }),
    });
  }

  parse(args: string): object | Reply {
    return args.length > 0 ? NO_ARGUMENTS : NOTHING;
  }

  perform(): VerbOutcome {
    return this.outcome;
  }
}
