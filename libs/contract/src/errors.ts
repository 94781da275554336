/** Errors with a public and a private side. */
import type { Reply } from '@mailverb/protocol';

/**
 * Throw it where a reply is due: the client hears `reply`, the log gets the message, the cause and the fields.
 * Anything else that is thrown becomes 451 4.3.0 and a line in the log.
 */
export class SmtpError extends Error {
  override readonly name = 'SmtpError';
  constructor(
    /** 4xx or 5xx. */
    readonly reply: Reply,
    /** Private. */
    message: string,
    readonly fields: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
