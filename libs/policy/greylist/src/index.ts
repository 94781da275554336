/** The policy greylist as a plugin, and what it keeps, for whoever looks at it beside a server. */
export { GreylistPolicy } from './greylist.policy.js';
export { greylistOptions, type GreylistOptions } from './greylist.options.js';
export { GreylistRecords, type CountedDay, type KnownNetwork, type KnownTriple } from './greylist-records.js';
export { COUNTED, type Counted, type DayCounts } from './counts.js';
export { waitOf, type State } from './judge.js';
export type { NetworkState } from './record.js';
export type { Triple } from './triple.js';
export { greylistPlugin, greylistPlugin as default } from './plugin.js';
