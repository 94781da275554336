/** RCPT (RFC 5321 4.1.1.3): adds a recipient, if the policies and the delivery strategy take it. */
import {
  Capabilities,
  type RcptParameters,
  type Session,
  type StageQuestion,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import { PHASE_TABLE, Reply, parseRcptTo, reply, type Mailbox } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const OK = reply(250, '2.1.5', 'Ok');
const NOT_EXTENDED = reply(555, '5.5.4', 'parameters need EHLO');
const NEEDS_SMTPUTF8 = reply(553, '5.6.7', 'this recipient needs the parameter SMTPUTF8 of MAIL');
const NO_MAIL = reply(503, '5.5.1', 'need MAIL first');
const NO_PARAMETERS: Readonly<RcptParameters> = Object.freeze({});

/** What RCPT says. */
export interface RcptParams {
  readonly mailbox: Mailbox;
  readonly parameters: Readonly<RcptParameters>;
}

/** The verb RCPT. */
@injectable()
export class RcptVerb implements Verb<RcptParams> {
  readonly name = 'RCPT';
  readonly phases = PHASE_TABLE.RCPT.phases;
  readonly endsBatch = PHASE_TABLE.RCPT.endsBatch;
  readonly stage = 'rcpt';
  readonly help = 'RCPT TO:<forward-path> [parameters]';

  constructor(@inject(Capabilities) private readonly capabilities: Capabilities) {}

  parse(args: string, session: Session): RcptParams | Reply {
    const parsed = parseRcptTo(args);
    if (parsed instanceof Reply) return parsed;
    let parameters = NO_PARAMETERS;
    if (parsed.parameters.length > 0) {
      // RFC 5321 2.2.1: parameters belong to extensions, and after HELO there are none.
      if (!session.extended) return NOT_EXTENDED;
      const read = this.capabilities.rcptParameters(parsed.parameters, session);
      if (read instanceof Reply) return read;
      parameters = read;
    }
    // RFC 6531 3.4: SMTPUTF8 is said once, with MAIL, for the whole transaction.
    if (parsed.mailbox.utf8 && session.envelope?.parameters.SMTPUTF8 !== true) return NEEDS_SMTPUTF8;
    return { mailbox: parsed.mailbox, parameters };
  }

  question(params: RcptParams, session: Session): StageQuestion | undefined {
    const { envelope } = session;
    if (envelope === undefined) return undefined;
    return { stage: 'rcpt', input: { session, envelope, mailbox: params.mailbox, parameters: params.parameters } };
  }

  perform(params: RcptParams, session: Session): VerbOutcome {
    // The loop asks only where there is an envelope; without one nobody was asked, so nothing may be accepted (attack A17).
    if (session.envelope === undefined) return { reply: NO_MAIL };
    return { reply: OK, effect: { type: 'recipient', mailbox: params.mailbox, parameters: params.parameters } };
  }
}
