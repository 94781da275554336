/**
 * The program's environment: made anew for each run, of what the configuration says and of what is known about the message, under the names that
 * Postfix's local(8) and Dovecot's delivery agent use. Nothing of the server's own environment gets there unasked: it may hold secrets (A23).
 */
import type { Envelope, Recipient, Session } from '@mailverb/contract';
import { cleanValue } from './addresses.js';

/** Names that tell of the message: the configuration can't set them. */
export const MESSAGE_VARIABLES: ReadonlySet<string> = new Set([
  'SENDER',
  'RECIPIENT',
  'ORIGINAL_RECIPIENT',
  'LOCAL',
  'EXTENSION',
  'DOMAIN',
  'CLIENT_ADDRESS',
  'CLIENT_HOSTNAME',
  'CLIENT_HELO',
  'CLIENT_PROTOCOL',
  'SASL_USERNAME',
  'SASL_METHOD',
  'MESSAGE_ID',
  'MESSAGE_SIZE',
]);

/** What {@link environmentOf} tells of. */
export interface Told {
  readonly envelope: Envelope;
  readonly session: Session;
  /** What stands for the null reverse-path. */
  readonly nullSender: string;
  readonly size: number;
  /** Where the program is run for one recipient. */
  readonly to?: { readonly recipient: Recipient; readonly extension: string; readonly domain: string };
}

/** The whole environment. @param fixed what the configuration says; where it has no PATH, there is a short one. */
export function environmentOf(fixed: ReadonlyMap<string, string>, told: Told): Record<string, string> {
  const { envelope, session, nullSender, size, to } = told;
  const variables = new Map([['PATH', '/usr/bin:/bin'], ...fixed]);
  // Checked before: what is not fit to be given never gets here.
  variables.set('SENDER', envelope.reversePath?.address ?? nullSender);
  if (to !== undefined) {
    const { mailbox, parameters } = to.recipient;
    variables.set('RECIPIENT', mailbox.address);
    variables.set('LOCAL', mailbox.local);
    variables.set('DOMAIN', to.domain);
    variables.set('EXTENSION', to.extension);
    variables.set('ORIGINAL_RECIPIENT', cleanValue(parameters.ORCPT?.address ?? mailbox.address));
  }
  const unchecked: readonly (readonly [string, string | undefined])[] = [
    ['CLIENT_ADDRESS', session.remoteAddress],
    ['CLIENT_HOSTNAME', session.remoteName],
    ['CLIENT_HELO', session.heloName],
    ['CLIENT_PROTOCOL', protocolOf(session)],
    ['SASL_USERNAME', session.identity?.name],
    ['SASL_METHOD', session.identity?.mechanism],
    ['MESSAGE_ID', envelope.id],
    ['MESSAGE_SIZE', `${size}`],
  ];
  for (const [name, value] of unchecked) if (value !== undefined) variables.set(name, cleanValue(value));
  // Its names are the configuration's and ours.
  return Object.fromEntries(variables);
}

function protocolOf({ listener, extended }: Session): string {
  if (listener.protocol === 'lmtp') return 'LMTP';
  return extended ? 'ESMTP' : 'SMTP';
}
