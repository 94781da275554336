/** DNS for plugins: names to addresses, addresses to names, MX and TXT, in bounded time and with a cache. */
export { isPrivateAddress, reverseLabels, reverseName } from './address.js';
export type { DnsAnswer, MxRecord } from './answer.js';
export { dnsOptions, type DnsOptions } from './dns.options.js';
export { DnsResolver } from './dns-resolver.js';
export { hostName } from './host-name.js';
