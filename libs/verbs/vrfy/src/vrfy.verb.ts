/**
 * VRFY (RFC 5321 4.1.1.6): is this a mailbox? Always answered the same, so that nobody can harvest addresses (attack A22).
 *
 * RFC 5321 7.3: a server that does not tell answers 252, which cannot be taken for a yes or a no. The argument is not looked at, so
 * the parameter SMTPUTF8 (RFC 6531 3.7.4) may follow it, and it is not echoed.
 */
import type { Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const NEEDS_ARGUMENT = reply(501, '5.5.4', 'Syntax: VRFY string');
// Not 2.1.5, which would say that the address is valid (RFC 3463 3.2).
const OUTCOME: VerbOutcome = Object.freeze({
  reply: reply(252, '2.0.0', 'Cannot VRFY user, but will take mail for it if RCPT is accepted'),
});
const NOTHING = Object.freeze({});

/** The verb VRFY. */
@injectable()
export class VrfyVerb implements Verb<object> {
  readonly name = 'VRFY';
  readonly phases = PHASE_TABLE.VRFY.phases;
  readonly endsBatch = PHASE_TABLE.VRFY.endsBatch;
  readonly help = 'VRFY string [SMTPUTF8]';

  parse(args: string): object | Reply {
    return args.length === 0 ? NEEDS_ARGUMENT : NOTHING;
  }

  perform(): VerbOutcome {
    return OUTCOME;
  }
}
