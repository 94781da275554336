/** The manifest of the verb AUTH. */
import { Store, definePlugin } from '@mailverb/contract';
import { authOptions } from './auth.options.js';
import { AuthVerb } from './auth.verb.js';

/** Adds the verb AUTH to a listener. */
export const authPlugin = definePlugin({
  name: 'verb-auth',
  options: authOptions,
  needs: [Store],
  register(contribute) {
    contribute.verb(AuthVerb);
  },
});

export default authPlugin;
