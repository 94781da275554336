/**
 * AUTH (RFC 4954): the client proves who it is, by one of the listener's mechanisms.
 *
 * What an attempt holds is in the attempt and in the conversation about it; nothing of it is in the verb, and no credential in anything
 * that can be printed.
 */
import {
  Clock,
  Mechanisms,
  Options,
  Store,
  type SaslMechanism,
  type Session,
  type Verb,
  type VerbStep,
} from '@mailverb/contract';
import { PHASE_TABLE, type Reply } from '@mailverb/protocol';
import { decodeInitialResponse } from '@mailverb/sasl-text';
import { inject, injectable } from 'tsyringe';
import { Attempt, type AttemptRules } from './attempt.js';
import type { AuthOptions } from './auth.options.js';
import { FailureCounts } from './failure-counts.js';
import { ALREADY, NEEDS_TLS, NOT_BASE64, NOT_OFFERED, SYNTAX } from './replies.js';

/** What the client wants to use, and what it has said already. */
export class AuthCommand {
  readonly #mechanism: SaslMechanism;
  readonly #response: Uint8Array | undefined;

  constructor(mechanism: SaslMechanism, response: Uint8Array | undefined) {
    this.#mechanism = mechanism;
    this.#response = response;
  }

  begin(session: Session, rules: AttemptRules): Promise<VerbStep> {
    return new Attempt(this.#mechanism, session, rules).respond(this.#response);
  }
}

/** The verb AUTH. */
@injectable()
export class AuthVerb implements Verb<AuthCommand> {
  readonly name = 'AUTH';
  readonly phases = PHASE_TABLE.AUTH.phases;
  readonly endsBatch = PHASE_TABLE.AUTH.endsBatch;
  readonly help = 'AUTH mechanism [initial-response]';
  readonly secret = true;
  readonly #mechanisms: Mechanisms;
  readonly #rules: AttemptRules;

  constructor(
    @inject(Options) { failures }: AuthOptions,
    @inject(Mechanisms) mechanisms: Mechanisms,
    @inject(Store) store: Store,
    @inject(Clock) clock: Clock,
  ) {
    this.#mechanisms = mechanisms;
    this.#rules = { failures, counts: new FailureCounts(failures, store, clock), clock };
  }

  /** It does not exist where nobody could use it; where somebody has used it, or could after STARTTLS, the answer says so. */
  available(session: Session): boolean {
    const { identity } = session;
    return identity !== undefined || this.#mechanisms.offered(session).length > 0 || this.#mechanisms.wantsTls(session);
  }

  parse(args: string, session: Session): AuthCommand | Reply {
    if (session.identity !== undefined) return ALREADY;
    const offered = this.#mechanisms.offered(session);
    if (offered.length === 0 && this.#mechanisms.wantsTls(session)) return NEEDS_TLS;
    const [name, initial, ...rest] = args.split(' ').filter((word) => word !== '');
    if (name === undefined || rest.length > 0) return SYNTAX;
    const mechanism = offered.find((one) => one.name === upper(name));
    if (mechanism === undefined) return NOT_OFFERED;
    if (initial === undefined) return new AuthCommand(mechanism, undefined);
    const response = decodeInitialResponse(initial);
    return response === undefined ? NOT_BASE64 : new AuthCommand(mechanism, response);
  }

  perform(command: AuthCommand, session: Session): Promise<VerbStep> {
    return command.begin(session, this.#rules);
  }
}

/** RFC 4422 3.1: letters of ASCII. Others that become such in upper case stay what they are (attack A6). */
function upper(name: string): string {
  return name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}
