/** What the client hears: public words, and a code that says whether trying again may help. */
import { reply, type Reply } from '@mailverb/protocol';
import { PublishError } from './publication.js';

/** No turn within the time to wait. */
export const CONGESTED = reply(451, '4.4.5', 'too many messages are on their way, try again later');

/** An address that cannot be said in the headers, or in a target. */
export const UNSPEAKABLE = reply(553, '5.1.3', 'no message can be handed over for this address');

const UNAVAILABLE = reply(451, '4.4.1', 'the message cannot be handed over now, try again later');
const UNCONFIRMED = reply(451, '4.4.2', 'nobody has confirmed to have the message, try again later');
const UNROUTABLE = reply(451, '4.4.4', 'there is no place for the message now, try again later');

/** @param limit octets. */
export function tooLarge(limit: number): Reply {
  return reply(552, '5.3.4', `the message is too large to be handed over, the limit is ${limit} octets`);
}

/** The reply for what a publisher rejected with. */
export function replyTo(error: unknown, limit: number): Reply {
  if (!(error instanceof PublishError)) return UNCONFIRMED;
  switch (error.fault) {
    case 'unavailable':
      return UNAVAILABLE;
    case 'unroutable':
      return UNROUTABLE;
    case 'too-large':
      return tooLarge(limit);
    case 'unconfirmed':
      return UNCONFIRMED;
  }
}
