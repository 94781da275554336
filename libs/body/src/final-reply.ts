/** Replies of strategies, looked at before they are believed: a composer answers for its parts, whatever those say. */
import { Reply, reply } from '@mailverb/protocol';

/** What is said where a part has no answer that can be used. */
export const PART_FAILED = reply(451, '4.3.0', 'delivery failed, try again later');

/**
 * `value` if it is a reply that ends something: 2xx, 4xx or 5xx; undefined for anything else. 3xx asks for more, which no delivery may.
 * One that was made by another copy of the protocol library is made again, so that it has everything that a reply has.
 */
export function finalReply(value: unknown): Reply | undefined {
  const answer = value instanceof Reply ? value : again(value);
  return answer !== undefined && (answer.code < 300 || answer.code >= 400) ? answer : undefined;
}

/** `value` if it is a reply that refuses or defers. */
export function refusal(value: unknown): Reply | undefined {
  const answer = finalReply(value);
  return answer === undefined || answer.positive ? undefined : answer;
}

/**
 * The reply for what a part threw: what an SmtpError says, if that is a no. A yes must not come out of an error: nothing was
 * stored. Knows an SmtpError by its name, because there may be several copies of the contract.
 */
export function refusalOf(error: unknown, otherwise: Reply): Reply {
  if (!isObject(error) || error['name'] !== 'SmtpError') return otherwise;
  return refusal(error['reply']) ?? otherwise;
}

function again(value: unknown): Reply | undefined {
  if (!isObject(value) || typeof value['wire'] !== 'function') return undefined;
  const { code, enhanced, lines } = value;
  if (typeof code !== 'number' || (enhanced !== undefined && typeof enhanced !== 'string')) return undefined;
  try {
    return reply(code, enhanced, ...(Array.isArray(lines) ? lines.map(String) : []));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
