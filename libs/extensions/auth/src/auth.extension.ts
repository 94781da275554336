/**
 * AUTH (RFC 4954 3 and 5): tells by which mechanisms the client may prove who it is, now, and reads the parameter of MAIL that says who has submitted
 * a message first.
 */
import { Mechanisms, type Extension, type MailParameterHandler, type Session } from '@mailverb/contract';
import { decodeXtext, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const SYNTAX = reply(501, '5.5.4', 'Syntax: AUTH=xtext or AUTH=<>');

/** RFC 4954 3 (5), which counts " AUTH=" too; so is nothing let through that the longest command line has no room for. */
const MAX_PARAMETER = 500;
const MAX_VALUE = MAX_PARAMETER - ' AUTH='.length;

/** RFC 4954 5: unknown, or not believed. */
const UNKNOWN = '<>';

/** The extension AUTH. */
@injectable()
export class AuthExtension implements Extension {
  readonly keyword = 'AUTH';
  // Of MAIL. AUTH's own line may be longer than all others, which the core knows (RFC 4954 4).
  readonly commandLineOctets = MAX_PARAMETER;
  readonly parameters: readonly MailParameterHandler[] = [{ verb: 'MAIL', keyword: 'AUTH', parse: readSubmitter }];
  readonly #mechanisms: Mechanisms;

  constructor(@inject(Mechanisms) mechanisms: Mechanisms) {
    this.#mechanisms = mechanisms;
  }

  /** Nothing without TLS where that is wanted, and nothing once the client is authenticated: a second AUTH would be refused. */
  argument(session: Session): string | false {
    const offered = this.#mechanisms.offered(session);
    return offered.length > 0 && offered.map(({ name }) => name).join(' ');
  }
}

/**
 * Who has submitted the message, as the client says. Only somebody who has proved who it is may speak for others (RFC 4954 5): from anyone else it is
 * read, so that nonsense is refused in any case, and not believed.
 */
function readSubmitter(value: string | undefined, session: Session): string | Reply {
  if (value === undefined || value === '' || value.length > MAX_VALUE) return SYNTAX;
  const submitter = value === UNKNOWN ? UNKNOWN : decodeXtext(value);
  if (submitter === undefined) return SYNTAX;
  return session.identity === undefined ? UNKNOWN : submitter;
}
