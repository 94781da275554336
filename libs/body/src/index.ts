/** Plumbing for deliveries: message bodies (made, prefixed, collected, drained, fanned out), and the parts of composed strategies. */
export { PulledBody } from './pulled-body.js';
export { bodyOf } from './body-of.js';
export { ByteGatherer } from './byte-gatherer.js';
export { collect, drain, pump } from './consume.js';
export { DeliveryPart, type Composed, type OnFault } from './delivery-part.js';
export { fanOut } from './fan-out.js';
export { PART_FAILED, finalReply, refusalOf } from './final-reply.js';
export { HeaderFields, peekHeader, type Peeked } from './header.js';
export { bodyOfHeld, heldBytes } from './held.js';
export { passOn, type PassedOn } from './pass-on.js';
export { prefixed } from './prefixed.js';
export { SplitTransaction, type MessageFacts, type Splitting, type Undecided, type Way } from './split-transaction.js';
export { unixLines } from './unix-lines.js';
