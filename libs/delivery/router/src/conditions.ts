/** What a route asks: of the envelope and the session, which are known at RCPT, and of the message, which is not. */
import type { MessageFacts } from '@mailverb/body';
import type { Envelope, Recipient, Session } from '@mailverb/contract';
import { matchesCidr } from '@mailverb/options';
import type { Route } from './router.options.js';

/** True if everything holds that a route asks of the envelope and the session; its name is not looked at here. */
export function matchesEnvelope(route: Route, { mailbox }: Recipient, envelope: Envelope, session: Session): boolean {
  const { recipients, domains, patterns, senders, senderPatterns, identities, listeners, networks } = route;
  // `<Postmaster>` without a domain is this server's own (RFC 5321 4.5.1).
  const domain = mailbox.domain || session.listener.hostname;
  if (recipients !== undefined && !recipients.has(mailbox)) return false;
  if (domains !== undefined && !domains.has(domain)) return false;
  if (patterns !== undefined && !patterns.has(mailbox, domain)) return false;
  const { reversePath } = envelope;
  if (senders !== undefined && !senders.has(reversePath)) return false;
  if (senderPatterns !== undefined && (reversePath === null || !senderPatterns.has(reversePath))) return false;
  if (identities !== undefined && !identities.has(session.identity?.name ?? '')) return false;
  if (listeners !== undefined && !listeners.has(session.listener.name)) return false;
  if (networks !== undefined && !matchesCidr(networks, session.remoteAddress)) return false;
  return matchesDeclaredSize(route, envelope.parameters.SIZE);
}

/** True if the way can't be told before the message is there. */
export function asksMessage(route: Route): boolean {
  return route.header !== undefined || asksSize(route);
}

/** True if it must be held for that. */
export function asksSize({ minSize, maxSize }: Route): boolean {
  return minSize !== undefined || maxSize !== undefined;
}

/** True if everything holds that a route asks of the message. */
export function matchesMessage(route: Route, { header, size }: MessageFacts): boolean {
  const { header: fields, minSize = 0, maxSize = Infinity } = route;
  if (asksSize(route) && (size === undefined || size < minSize || size > maxSize)) return false;
  return fields?.every(({ name, pattern }) => header.all(name).some((value) => pattern.matches(value))) ?? true;
}

/** Nothing declared is no size: neither small nor large. */
function matchesDeclaredSize({ minDeclaredSize, maxDeclaredSize }: Route, size: number | undefined): boolean {
  if (minDeclaredSize === undefined && maxDeclaredSize === undefined) return true;
  return size !== undefined && size >= (minDeclaredSize ?? 0) && size <= (maxDeclaredSize ?? Infinity);
}
