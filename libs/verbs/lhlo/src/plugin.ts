/** The manifest of the verb LHLO. */
import { definePlugin } from '@mailverb/contract';
import { lhloOptions } from './lhlo.options.js';
import { LhloVerb } from './lhlo.verb.js';

/** Adds the verb LHLO to a listener. */
export const lhloPlugin = definePlugin({
  name: 'verb-lhlo',
  options: lhloOptions,
  register(contribute) {
    contribute.verb(LhloVerb);
  },
});

export default lhloPlugin;
