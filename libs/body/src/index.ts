/** Body plumbing: make, prefix, fan out, collect and drain message bodies. */
export { PulledBody } from './pulled-body.js';
export { bodyOf } from './body-of.js';
export { ByteGatherer } from './byte-gatherer.js';
export { collect, drain, pump } from './consume.js';
export { fanOut } from './fan-out.js';
export { bodyOfHeld, heldBytes } from './held.js';
export { prefixed } from './prefixed.js';
export { unixLines } from './unix-lines.js';
