/** Tables that plugins look keys up in: in the configuration, in a file, by HTTP. */
export { FAILED, NONE, type Lookup, type LookupAnswer } from './lookup.js';
export { lookupOptions, type LookupOptions } from './lookup.options.js';
export { ADDRESSES, DOMAINS, TEXTS, addressKey, type KeyForm } from './keys.js';
export { openLookup, type LookupServices } from './open-lookup.js';
