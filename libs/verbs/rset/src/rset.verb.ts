/** RSET (RFC 5321 4.1.1.5): the mail transaction is forgotten, the session goes on. */
import type { Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const NO_ARGUMENTS = reply(501, '5.5.4', 'Syntax: RSET');
const NOTHING = Object.freeze({});
const OUTCOME: VerbOutcome = Object.freeze({
  reply: reply(250, '2.0.0', 'Ok'),
  effect: Object.freeze({ type: 'reset' }),
});

/** The verb RSET. */
@injectable()
export class RsetVerb implements Verb<object> {
  readonly name = 'RSET';
  readonly phases = PHASE_TABLE.RSET.phases;
  readonly endsBatch = PHASE_TABLE.RSET.endsBatch;
  readonly help = 'RSET';

  parse(args: string): object | Reply {
    return args.length > 0 ? NO_ARGUMENTS : NOTHING;
  }

  perform(): VerbOutcome {
    return OUTCOME;
  }
}
