/** The manifest of the service extension LIMITS. */
import { definePlugin } from '@mailverb/contract';
import { LimitsExtension } from './limits.extension.js';
import { limitsOptions } from './limits.options.js';

/** Adds the EHLO keyword LIMITS to a listener. */
export const limitsPlugin = definePlugin({
  name: 'extension-limits',
  options: limitsOptions,
  register(contribute) {
    contribute.extension(LimitsExtension);
  },
});

export default limitsPlugin;
