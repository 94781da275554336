/** What is posted: the body of a request, in pieces that are the same each time they are asked for, and what else a form wants to say. */
import type { Envelope, HeldMessage, Recipient, Session } from '@mailverb/contract';
import type { OutlineLimits } from '../mime/outline.js';

/** A message with all that is known of it. */
export interface Posting {
  readonly message: HeldMessage;
  readonly envelope: Envelope;
  /** Those that were taken. */
  readonly recipients: readonly Recipient[];
  readonly session: Session;
  /** Milliseconds since the epoch: one value for all that is said of this request. */
  readonly now: number;
  /** Fires when nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** What forms look at. */
export interface FormOptions {
  readonly limits: OutlineLimits;
  readonly includeRaw: boolean;
  readonly envelopeIn: 'headers' | 'query';
}

/** The body of a request. */
export interface Payload {
  readonly contentType: string;
  /** Headers of this form: names in lower case, values of printable ASCII. */
  readonly headers?: ReadonlyMap<string, string>;
  /** Behind the URL, each encoded. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** Why it is not in the form that was asked for (if that): the message could not be taken apart. */
  readonly problem?: string;
  /** Octets, where they are known without looking. */
  readonly size?: number;
  /** The octets: the same each time. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Makes the payload of one form. */
export type Form = (posting: Posting, options: FormOptions) => Payload | Promise<Payload>;

/** The reverse-path as text; empty for `<>`. */
export function senderOf({ reversePath }: Envelope): string {
  return reversePath === null ? '' : reversePath.address;
}

/** Addresses of recipients. */
export function addressesOf(recipients: readonly Recipient[]): readonly string[] {
  return recipients.map(({ mailbox }) => mailbox.address);
}
