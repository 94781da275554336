/** RFC 5321 and RFC 6531's grammar of arguments: every parser is linear and by allow-list (attacks A6 to A8). */
export { isAscii } from './chars.js';
export {
  type ClientAttributes,
  parseClientAddress,
  parseClientAttributes,
  parseClientName,
} from './client-attributes.js';
export { formatDateTime } from './date-time.js';
export { toAsciiDomain } from './domain.js';
export { type HeloNameOptions, isHeloName } from './helo-name.js';
export { type HostOptions, parseHost } from './host.js';
export { canonicalIp } from './ip.js';
export { parseMailbox } from './mailbox.js';
export { parseParameters } from './parameters.js';
export { type MailFrom, type RcptTo, parseMailFrom, parseRcptTo } from './path.js';
export { parsePort } from './port.js';
export type { Host, Mailbox, Parameter, ReversePath } from './types.js';
export { decodeUtf8AddressXtext, decodeXtext, encodeXtext } from './xtext.js';
