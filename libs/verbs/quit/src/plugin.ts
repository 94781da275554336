/** The manifest of the verb QUIT. */
import { definePlugin } from '@mailverb/contract';
import { QuitVerb } from './quit.verb.js';

/** Adds the verb QUIT to a listener. */
export const quitPlugin = definePlugin({
  name: 'verb-quit',
  register(contribute) {
    contribute.verb(QuitVerb);
  },
});

export default quitPlugin;
