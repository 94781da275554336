/**
 * EXPN (RFC 5321 4.1.1.7): who is on this list? Always answered the same, so that nobody can harvest addresses (attack A22).
 *
 * RFC 5321 7.3: a server that does not tell answers 252, which cannot be taken for a yes or a no. The argument is not looked at, so
 * the parameter SMTPUTF8 (RFC 6531 3.7.4) may follow it, and it is not echoed.
 */
import type { Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const NEEDS_ARGUMENT = reply(501, '5.5.4', 'Syntax: EXPN list');
// Not 2.1.5, which would say that the address is valid (RFC 3463 3.2).
const OUTCOME: VerbOutcome = Object.freeze({
  reply: reply(252, '2.0.0', 'Cannot EXPN list, but will take mail for it if RCPT is accepted'),
});
const NOTHING = Object.freeze({});

/** The verb EXPN. */
@injectable()
export class ExpnVerb implements Verb<object> {
  readonly name = 'EXPN';
  readonly phases = PHASE_TABLE.EXPN.phases;
  readonly endsBatch = PHASE_TABLE.EXPN.endsBatch;
  readonly help = 'EXPN list [SMTPUTF8]';

  parse(args: string): object | Reply {
    return args.length === 0 ? NEEDS_ARGUMENT : NOTHING;
  }

  perform(): VerbOutcome {
    return OUTCOME;
  }
}
