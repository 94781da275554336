/** The manifest of the policy relay-control. */
import { definePlugin } from '@mailverb/contract';
import { relayControlOptions } from './relay-control.options.js';
import { RelayControlPolicy } from './relay-control.policy.js';

/** Says at RCPT which clients may send to any domain. */
export const relayControlPlugin = definePlugin({
  name: 'policy-relay-control',
  options: relayControlOptions,
  register(contribute) {
    contribute.policy('relay-control', RelayControlPolicy);
  },
});

export default relayControlPlugin;
