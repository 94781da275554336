/** The manifest of the service extension CHUNKING. */
import { definePlugin } from '@mailverb/contract';
import { ChunkingExtension } from './chunking.extension.js';

/** Adds the EHLO keyword CHUNKING to a listener. */
export const chunkingPlugin = definePlugin({
  name: 'extension-chunking',
  register(contribute) {
    contribute.extension(ChunkingExtension);
  },
});

export default chunkingPlugin;
