/** What AUTH says (RFC 4954 4 and 6). */
import { reply } from '@mailverb/protocol';

export const AUTHENTICATED = reply(235, '2.7.0', 'authentication successful');

export const ALREADY = reply(503, '5.5.1', 'already authenticated');
export const NEEDS_TLS = reply(538, '5.7.11', 'encryption required: STARTTLS first');
export const SYNTAX = reply(501, '5.5.4', 'Syntax: AUTH mechanism [initial-response]');
export const NOT_OFFERED = reply(504, '5.5.4', 'mechanism not offered');
export const NOT_BASE64 = reply(501, '5.5.2', 'expected base64');
export const MALFORMED = reply(501, '5.5.2', 'the mechanism does not understand this');
export const CANCELLED = reply(501, '5.7.0', 'authentication cancelled');

/** Wrong credentials, and right ones that may not act as whom they ask for: nobody is told which. */
export const WRONG = reply(535, '5.7.8', 'authentication failed');
/** Locked out, or nobody can tell: nobody is told which either. */
export const NOT_NOW = reply(454, '4.7.0', 'temporary authentication failure, try again later');
export const TOO_MANY = reply(421, '4.7.0', 'too many authentication failures (failures.perSession)');
