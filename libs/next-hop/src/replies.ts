/** What the client that we work for hears: the next hop's own words, or ours where the next hop has none. */
import { BodyAborted } from '@mailverb/contract';
import { ClientError, MessageRefused, type ClientFault } from '@mailverb/client';
import { Reply, reply } from '@mailverb/protocol';

/** Whatever is wrong between us and the next hop is not the sender's fault: later. */
const FAULTS: Readonly<Record<ClientFault, Reply>> = {
  unreachable: reply(451, '4.4.1', 'next hop can not be reached, try again later'),
  timeout: reply(451, '4.4.2', 'next hop does not answer, try again later'),
  closed: reply(451, '4.4.2', 'connection to the next hop was lost, try again later'),
  tls: reply(451, '4.7.5', 'no secure connection to the next hop, try again later'),
  auth: reply(451, '4.7.8', 'next hop does not accept our credentials, try again later'),
  refused: reply(451, '4.4.1', 'next hop takes no mail now, try again later'),
  protocol: reply(451, '4.5.0', 'next hop makes no sense, try again later'),
  busy: reply(451, '4.3.2', 'too many messages for the next hop at once, try again later'),
};
const LOCAL = reply(451, '4.3.0', 'local error, try again later');
/** The next hop may have the message: then the sender's next try makes a second one, and there is no way to know. */
export const IN_DOUBT = reply(
  451,
  '4.4.2',
  'connection to the next hop was lost at the end of the message, try again later',
);

const DEFAULT_CODES = new Map([
  [2, '2.0.0'],
  [4, '4.0.0'],
  [5, '5.0.0'],
]);

/** The next hop's reply as ours. */
export function passedOn(answer: Reply): Reply {
  const { code, enhanced, lines } = answer;
  // 421 would end our session, which has nothing to do with the end of theirs.
  if (code === 421) return new Reply(451, enhanced ?? '4.3.2', lines);
  return new Reply(code, enhanced ?? DEFAULT_CODES.get(Math.floor(code / 100)), lines);
}

/** The same code, and words that tell nothing of who said it. */
export function inOurWords({ code, enhanced }: Reply): Reply {
  return new Reply(code, enhanced, [code < 300 ? 'Ok' : code < 500 ? 'not now, try again later' : 'refused']);
}

/** The reply for what was thrown on the way to the next hop. */
export function replyTo(error: unknown): Reply {
  if (error instanceof MessageRefused) return passedOn(error.reply);
  if (error instanceof ClientError) return FAULTS[error.fault];
  if (error instanceof BodyAborted) throw error;
  return LOCAL;
}
