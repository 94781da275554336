/** MAIL (RFC 5321 4.1.1.2): opens a mail transaction with the reverse-path and its parameters. */
import {
  Capabilities,
  type MailParameters,
  type Session,
  type StageQuestion,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import { PHASE_TABLE, Reply, parseMailFrom, reply, type ReversePath } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const OK = reply(250, '2.1.0', 'Ok');
const NOT_EXTENDED = reply(555, '5.5.4', 'parameters need EHLO');
const NEEDS_SMTPUTF8 = reply(553, '5.6.7', 'this sender needs the parameter SMTPUTF8');
const NO_PARAMETERS: Readonly<MailParameters> = Object.freeze({});

/** What MAIL says. */
export interface MailParams {
  readonly reversePath: ReversePath;
  readonly parameters: Readonly<MailParameters>;
}

/** The verb MAIL. */
@injectable()
export class MailVerb implements Verb<MailParams> {
  readonly name = 'MAIL';
  readonly phases = PHASE_TABLE.MAIL.phases;
  readonly endsBatch = PHASE_TABLE.MAIL.endsBatch;
  readonly stage = 'mail';
  readonly help = 'MAIL FROM:<reverse-path> [parameters]';

  constructor(@inject(Capabilities) private readonly capabilities: Capabilities) {}

  parse(args: string, session: Session): MailParams | Reply {
    const parsed = parseMailFrom(args);
    if (parsed instanceof Reply) return parsed;
    let parameters = NO_PARAMETERS;
    if (parsed.parameters.length > 0) {
      // RFC 5321 2.2.1: parameters belong to extensions, and after HELO there are none.
      if (!session.extended) return NOT_EXTENDED;
      const read = this.capabilities.mailParameters(parsed.parameters, session);
      if (read instanceof Reply) return read;
      parameters = read;
    }
    // RFC 6531 3.4: a UTF-8 address is only understood where the client said that it means it.
    if (parsed.path !== null && parsed.path.utf8 && parameters.SMTPUTF8 !== true) return NEEDS_SMTPUTF8;
    return { reversePath: parsed.path, parameters };
  }

  question(params: MailParams, session: Session): StageQuestion {
    return { stage: 'mail', input: { session, reversePath: params.reversePath, parameters: params.parameters } };
  }

  perform(params: MailParams): VerbOutcome {
    return { reply: OK, effect: { type: 'begin', reversePath: params.reversePath, parameters: params.parameters } };
  }
}
