/** NOOP (RFC 5321 4.1.1.9): nothing happens. */
import type { Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const NOTHING = Object.freeze({});
const OUTCOME: VerbOutcome = Object.freeze({ reply: reply(250, '2.0.0', 'Ok') });

/** The verb NOOP. */
@injectable()
export class NoopVerb implements Verb<object> {
  readonly name = 'NOOP';
  readonly phases = PHASE_TABLE.NOOP.phases;
  readonly endsBatch = PHASE_TABLE.NOOP.endsBatch;
  readonly help = 'NOOP [anything]';

  /** An argument is allowed and means nothing. */
  parse(): object {
    return NOTHING;
  }

  perform(): VerbOutcome {
    return OUTCOME;
  }
}
