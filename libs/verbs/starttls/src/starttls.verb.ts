/**
 * STARTTLS (RFC 3207): asks for TLS on a connection that is in clear. The handshake, and forgetting what was said before it, are the loop's
 * (effect `upgrade`).
 */
import { Options, type Session, type Verb, type VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { StartTlsOptions } from './starttls.options.js';

const NOTHING = Object.freeze({});
const NO_PARAMETERS = reply(501, '5.5.4', 'Syntax: STARTTLS');
const ACTIVE = reply(503, '5.5.1', 'TLS is active already');
const READY: VerbOutcome = Object.freeze({
  reply: reply(220, '2.0.0', 'Ready to start TLS'),
  effect: { type: 'upgrade' } as const,
});

/** The verb STARTTLS. */
@injectable()
export class StartTlsVerb implements Verb<object> {
  readonly name = 'STARTTLS';
  readonly phases = PHASE_TABLE.STARTTLS.phases;
  /**
   * What is sent behind it in clear comes from a broken client, or from somebody in the middle who wants it to be taken for the client's after
   * the handshake (CVE-2011-0411, attack A4). The loop ends the session of whoever sends behind a verb that must be the last.
   */
  readonly endsBatch: boolean;
  readonly help = 'STARTTLS';

  constructor(@inject(Options) { injected }: StartTlsOptions) {
    this.endsBatch = injected === 'close';
  }

  /** On a listener without certificates, or one that is encrypted from the first octet, there is nothing to start. */
  available({ listener }: Session): boolean {
    return listener.tls === 'starttls';
  }

  parse(args: string, session: Session): object | Reply {
    if (args !== '') return NO_PARAMETERS;
    return session.tls === undefined ? NOTHING : ACTIVE;
  }

  perform(): VerbOutcome {
    return READY;
  }
}
