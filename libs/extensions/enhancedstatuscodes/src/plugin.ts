/** The manifest of the service extension ENHANCEDSTATUSCODES. */
import { definePlugin } from '@mailverb/contract';
import { EnhancedStatusCodesExtension } from './enhancedstatuscodes.extension.js';

/** Adds the EHLO keyword ENHANCEDSTATUSCODES to a listener. */
export const enhancedStatusCodesPlugin = definePlugin({
  name: 'extension-enhancedstatuscodes',
  register(contribute) {
    contribute.extension(EnhancedStatusCodesExtension);
  },
});

export default enhancedStatusCodesPlugin;
