/** SMTP without I/O: bytes in, events out; replies in, bytes out. No node: import, no promise, no timer. */
export { MAX_REPLY_LINE, Reply, cleanText, isEnhancedCodeFor, reply } from './reply.js';
export { PHASES, PHASE_TABLE, type Phase, type PhaseRow } from './phase.js';
export * from './grammar/index.js';
export * from './framing/index.js';
export * from './proxy-header/index.js';
export * from './client/index.js';
