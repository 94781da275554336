/** RFC 5321 and RFC 6531's grammar of arguments: every parser is linear and by allow-list (attacks A6 to A8). */
export type { Host, Mailbox, Parameter, ReversePath } from './types.js';
