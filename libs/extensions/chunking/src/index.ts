/** The service extension CHUNKING as a plugin. */
export { ChunkingExtension } from './chunking.extension.js';
export { chunkingPlugin, chunkingPlugin as default } from './plugin.js';
