/** What goes wrong between us and the next hop. */
import type { Reply } from '@mailverb/protocol';

/**
 * `unreachable`: no connection. `timeout`: no answer in time. `closed`: the connection ended. `tls`: no encryption, or not with whom it should be.
 * `auth`: we are not who we say we are, or cannot say so. `refused`: a reply said no before any transaction. `protocol`: what came makes no sense.
 * `busy`: no connection of the pool became free in time.
 */
export type ClientFault = 'unreachable' | 'timeout' | 'closed' | 'tls' | 'auth' | 'refused' | 'protocol' | 'busy';

/** Where in the conversation. */
export type ClientStep =
  | 'connect'
  | 'greeting'
  | 'hello'
  | 'starttls'
  | 'auth'
  | 'xclient'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'final'
  | 'rset'
  | 'idle'
  | 'quit';

/** The conversation cannot go on. Its message is for the log: never for the client that we work for. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    readonly fault: ClientFault,
    readonly step: ClientStep,
    message: string,
    /** What the server said, where a reply is the reason. */
    readonly reply?: Reply,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
