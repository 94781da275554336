/** DATA (RFC 5321 4.1.1.4): the mail data follow, up to CRLF "." CRLF. */
import type { Session, StageQuestion, Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

// RFC 2034 4: 354 has no enhanced status code.
const GO_ON = reply(354, undefined, 'End data with <CR><LF>.<CR><LF>');
const NO_ARGUMENTS = reply(501, '5.5.4', 'Syntax: DATA');
const NEEDS_BDAT = reply(503, '5.5.1', 'BODY=BINARYMIME needs BDAT');
const NO_MAIL = reply(503, '5.5.1', 'need MAIL and RCPT first');

const NOTHING = Object.freeze({});
const OUTCOME: VerbOutcome = Object.freeze({ reply: GO_ON, effect: Object.freeze({ type: 'receive-dot' }) });

/** The verb DATA. */
@injectable()
export class DataVerb implements Verb<object> {
  readonly name = 'DATA';
  readonly phases = PHASE_TABLE.DATA.phases;
  readonly endsBatch = PHASE_TABLE.DATA.endsBatch;
  readonly stage = 'data';
  readonly help = 'DATA';

  parse(args: string, session: Session): object | Reply {
    if (args.length > 0) return NO_ARGUMENTS;
    // RFC 3030 3: binary bytes could hold CRLF "." CRLF, so they come counted or not at all.
    if (session.envelope?.parameters.BODY === 'BINARYMIME') return NEEDS_BDAT;
    return NOTHING;
  }

  question(_params: object, session: Session): StageQuestion | undefined {
    const { envelope } = session;
    return envelope === undefined ? undefined : { stage: 'data', input: { session, envelope } };
  }

  perform(_params: object, session: Session): VerbOutcome {
    return session.envelope === undefined ? { reply: NO_MAIL } : OUTCOME;
  }
}
