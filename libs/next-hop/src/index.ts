/** What deliveries that speak SMTP or LMTP share: options of a next hop, its pool, its transaction. */
export { HopTransaction, type HopMail } from './hop-transaction.js';
export { LOGGED_IN, NextHop, peerOf, type HopManners } from './hop.js';
export { NextHops, type HopKind } from './hops.js';
export {
  hopAuthSchema,
  hopTlsSchema,
  nextHopShape,
  poolShape,
  type HopAddress,
  type NextHopOptions,
} from './next-hop.options.js';
export { passedOn, replyTo } from './replies.js';
