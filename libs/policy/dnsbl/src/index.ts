/** The policy dnsbl as a plugin. */
export { DnsblPolicy } from './dnsbl.policy.js';
export { dnsblOptions, type DnsblOptions } from './dnsbl.options.js';
export { dnsblPlugin, dnsblPlugin as default } from './plugin.js';
