/** The client's side: replies in, mail data out. */
export { DataEncoder, type OutgoingFault } from './data-encoder.js';
export { ReplyReader, type ReplyFault } from './reply-reader.js';
