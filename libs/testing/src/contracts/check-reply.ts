/** What must be true of every reply that a plugin gives. For the contract suites. */
import { Reply, isEnhancedCodeFor } from '@mailverb/protocol';
import { hasControl } from './hostile.js';

/** How replies are to be judged. */
export interface ReplyRules {
  /** False where RFC 2034 4 allows no enhanced status codes: HELO and EHLO. Default true. */
  readonly enhancedCodes?: boolean;
}

/** Fails the test if the reply is not one that may be sent. */
export function expectReply(answer: Reply, { enhancedCodes = true }: ReplyRules = {}): void {
  expect(answer).toBeInstanceOf(Reply);
  const { code, enhanced, lines } = answer;
  // RFC 2034 4: 3xx replies have none either, as there is no such class.
  if (!enhancedCodes || (code >= 300 && code < 400)) expect({ code, enhanced }).toEqual({ code, enhanced: undefined });
  else
    expect({ code, enhanced, fits: isEnhancedCodeFor(code, enhanced ?? '') }).toEqual({ code, enhanced, fits: true });
  expect(lines.length).toBeGreaterThan(0);
  // The reply is cleaned once more when it is sent; a control character here means that something of the client's was echoed.
  expect(lines.filter(hasControl)).toEqual([]);
}

/** The same for a reply that refuses. */
export function expectRefusal(answer: Reply, rules?: ReplyRules): void {
  expectReply(answer, rules);
  expect(answer.code).toBeGreaterThanOrEqual(400);
}
