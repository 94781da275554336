/** The manifest of the policy sender-login. */
import { definePlugin } from '@mailverb/contract';
import { senderLoginOptions } from './sender-login.options.js';
import { SenderLoginPolicy } from './sender-login.policy.js';

/** Says at MAIL who may send in whose name. */
export const senderLoginPlugin = definePlugin({
  name: 'policy-sender-login',
  options: senderLoginOptions,
  register(contribute) {
    contribute.policy('sender-login', SenderLoginPolicy);
  },
});

export default senderLoginPlugin;
