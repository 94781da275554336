/** The manifest of the policy dnsbl. */
import { definePlugin } from '@mailverb/contract';
import { dnsblOptions } from './dnsbl.options.js';
import { DnsblPolicy } from './dnsbl.policy.js';

/** Refuses clients that DNS lists know. */
export const dnsblPlugin = definePlugin({
  name: 'policy-dnsbl',
  options: dnsblOptions,
  register(contribute) {
    contribute.policy('dnsbl', DnsblPolicy);
  },
});

export default dnsblPlugin;
