/** The manifest of the verb EHLO. */
import { definePlugin } from '@mailverb/contract';
import { ehloOptions } from './ehlo.options.js';
import { EhloVerb } from './ehlo.verb.js';

/** Adds the verb EHLO to a listener. */
export const ehloPlugin = definePlugin({
  name: 'verb-ehlo',
  options: ehloOptions,
  register(contribute) {
    contribute.verb(EhloVerb);
  },
});

export default ehloPlugin;
