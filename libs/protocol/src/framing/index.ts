/** Framing: where commands, lines and messages begin and end. */
export type { DataFault } from './data-decoder.js';
export type { DecodeAscii, LineFault } from './line-reader.js';
export { ServerProtocol, type ServerEvent, type ServerProtocolOptions, type Violation } from './server-protocol.js';
