/**
 * SASL mechanisms (RFC 4422): how a client proves who it is, without the words of SMTP. The verb AUTH does base64, lines, replies, limits and
 * the counting of failures; a mechanism sees octets and says what comes next.
 */
import type { MaybePromise } from './promise.js';
import type { Session } from './session.js';
import { token } from './token.js';

/** One mechanism. Built once; what belongs to one attempt is in the exchange that `begin` gives. */
export interface SaslMechanism {
  /** As registered: `SCRAM-SHA-256-PLUS`. */
  readonly name: string;
  /** False where it can't be used in this session: no authenticator can answer it, no channel to bind to, no client certificate. */
  offered?(session: Session): boolean;
  begin(session: Session): SaslExchange;
}

/** One attempt. Never used again once it has come to `success` or `failure`. */
export interface SaslExchange {
  /**
   * @param response what the client sent, decoded; undefined at the beginning if it sent no initial response. A view: copy what is kept.
   * Rejects (or throws) if it cannot tell: AUTH then answers 454.
   */
  step(response: Uint8Array | undefined): MaybePromise<SaslStep>;
}

/** What comes next. */
export type SaslStep =
  /** Send this, and go on with the client's answer. */
  | { readonly type: 'challenge'; readonly data: Uint8Array }
  /**
   * The client says that it is `name`, and nothing was checked yet: failures are counted by it, and the policies of stage `auth` are asked;
   * if nobody refuses, `proceed` checks. Once in each exchange, before whatever costs or tells something.
   */
  | { readonly type: 'claim'; readonly name: string; readonly proceed: () => MaybePromise<SaslStep> }
  /** It is. `name` is whom it may act as; `data` is the server's last word, which the client answers with nothing. */
  | { readonly type: 'success'; readonly name: string; readonly data?: Uint8Array }
  /** It is not (`credentials`, counted), may not act as whom it asked for (`authorization`, counted), or made no sense (`malformed`). `reason` is for the log: never a secret. */
  | {
      readonly type: 'failure';
      readonly kind: 'credentials' | 'authorization' | 'malformed';
      readonly reason: string;
    };

/** The mechanisms of a listener, to be injected by what offers and performs them. One a listener, made by the core. */
export interface Mechanisms {
  /**
   * Those that may be used in this session now, in the configured order: none without TLS (unless the listener allows it for loopback
   * clients), none once the client is authenticated.
   */
  offered(session: Session): readonly SaslMechanism[];
  /** True if the session would be offered some if it were encrypted. */
  wantsTls(session: Session): boolean;
}

export const Mechanisms = token<Mechanisms>('Mechanisms');
