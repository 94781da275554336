/** Whom a rule counts for: by what it counts, and what is known at its stage. */
import type { Session } from '@mailverb/contract';
import { ONE_CUSTOMER, foldLocal, networkOf, type Prefixes } from '@mailverb/options';
import type { Mailbox, ReversePath } from '@mailverb/protocol';

/** What rules count by. */
export const SUBJECTS = [
  'all',
  'address',
  'network',
  'identity',
  'sender',
  'sender-domain',
  'recipient',
  'recipient-domain',
] as const;

/** One of them. */
export type Subject = (typeof SUBJECTS)[number];

/** What is known where a rule is asked. */
export interface Facts {
  readonly session: Session;
  readonly sender: ReversePath;
  readonly recipient: Mailbox | undefined;
}

/** Somebody in particular, in one spelling; undefined where there is nobody, and nothing to count. */
export function subjectOf(by: Subject, { session, sender, recipient }: Facts, network: Prefixes): string | undefined {
  switch (by) {
    case 'all':
      return '';
    case 'address':
      return networkOf(session.remoteAddress, ONE_CUSTOMER);
    case 'network':
      return networkOf(session.remoteAddress, network);
    case 'identity':
      return session.identity && fold(session.identity.name);
    case 'sender':
      return sender === null ? undefined : addressOf(sender);
    case 'sender-domain':
      return sender?.domain;
    case 'recipient':
      return recipient && addressOf(recipient);
    case 'recipient-domain':
      return recipient?.domain;
  }
}

/** As directories compare names, or nearly: nobody must have another bucket for each spelling. */
function fold(identity: string): string {
  return identity.normalize('NFKC').toLowerCase().trim();
}

function addressOf(mailbox: Mailbox): string {
  return `${foldLocal(mailbox)}@${mailbox.domain}`;
}
