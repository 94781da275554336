/** The envelope of a mail transaction (RFC 5321 2.3.1), as plugins read it. Nobody but the loop changes it. */
import type { Mailbox, ReversePath } from '@mailverb/protocol';

/** RFC 6152 and RFC 3030: what BODY= may say. */
export type BodyType = '7BIT' | '8BITMIME' | 'BINARYMIME';

/** RFC 3461 4.1: when the sender wants a delivery status notification; `never` stands alone. */
export type Notify = 'never' | ReadonlySet<'success' | 'failure' | 'delay'>;

/** RFC 3461 4.2: the original recipient, decoded from xtext. */
export interface OriginalRecipient {
  readonly type: string;
  readonly address: string;
}

/**
 * What the parameters of MAIL FROM said, by keyword. A plugin that adds a parameter adds its type:
 * `declare module '@mailverb/contract' { interface MailParameters { 'X-TAG'?: string } }`.
 */
export interface MailParameters {
  /** RFC 1870, octets. */
  SIZE?: number;
  BODY?: BodyType;
  /** RFC 6531. */
  SMTPUTF8?: true;
  /** RFC 3461 4.3: how much of the message a failure notice returns. */
  RET?: 'FULL' | 'HDRS';
  /** RFC 3461 4.4, decoded from xtext. */
  ENVID?: string;
  /** RFC 4954 5: who submitted the message first, decoded from xtext; `<>` where that is unknown or not believed. */
  AUTH?: string;
}

/** What the parameters of RCPT TO said. */
export interface RcptParameters {
  NOTIFY?: Notify;
  ORCPT?: OriginalRecipient;
}

/** One accepted recipient. */
export interface Recipient {
  readonly mailbox: Mailbox;
  readonly parameters: Readonly<RcptParameters>;
}

/** Who sends what to whom, as the client said it. */
export interface Envelope {
  /** The transaction's id: unique in this process and, by its random part, between processes. In logs, Received and the 250. */
  readonly id: string;
  /** Null for `<>`. */
  readonly reversePath: ReversePath;
  readonly parameters: Readonly<MailParameters>;
  /** The recipients accepted so far, in order; complete when the mail data begins. */
  readonly recipients: readonly Recipient[];
}
