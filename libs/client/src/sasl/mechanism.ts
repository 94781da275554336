/**
 * The client's side of SASL (RFC 4422) without I/O: octets in, octets out. Who uses it does base64, lines, replies and time.
 *
 *     const exchange = await mechanism.begin(signal);
 *     send exchange.initial with AUTH, or as the answer to a first challenge that is empty; for each 334: send await exchange.respond(challenge);
 *     on 235: exchange.finish(), which throws if the server has not proved what it had to.
 *
 * Whatever throws ends the attempt: answer `*` where a challenge waits, and do not use the connection.
 */
import type { MaybePromise } from '@mailverb/contract';

/** One way to prove who we are, with the credentials that it was made for. May be begun any number of times. */
export interface ClientMechanism {
  /** As registered: `SCRAM-SHA-256-PLUS`. */
  readonly name: string;
  /** @throws (or rejects with) SaslError if the credentials can't be used; what a token provider throws is its cause. */
  begin(signal?: AbortSignal): MaybePromise<ClientExchange>;
}

/** One attempt. */
export interface ClientExchange {
  /** What may be sent with AUTH (empty is not absent: RFC 4954 4 writes it as `=`); undefined if the server speaks first. */
  readonly initial: Uint8Array | undefined;
  /** The answer to a challenge. @throws (or rejects with) SaslError if the challenge makes no sense, or comes from somebody not to be believed. */
  respond(challenge: Uint8Array): MaybePromise<Uint8Array>;
  /** After 235. @throws SaslError if the server says yes too early, or has not proved that it knows us. */
  finish(): void;
}
