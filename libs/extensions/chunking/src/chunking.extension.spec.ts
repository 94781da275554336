/** CHUNKING: a keyword and nothing else. */
import type { Extension } from '@mailverb/contract';
import { contributionsOf, describeExtension } from '@mailverb/testing';
import { ChunkingExtension } from './chunking.extension.js';
import chunkingPlugin from './plugin.js';

describeExtension('CHUNKING', () => new ChunkingExtension());

it('says its keyword in every session, without an argument or a parameter', () => {
  const extension: Extension = new ChunkingExtension();
  expect(extension.keyword).toBe('CHUNKING');
  expect(extension.argument).toBeUndefined();
  expect(extension.parameters).toBeUndefined();
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(chunkingPlugin.name).toBe('extension-chunking');
  expect(contributionsOf(chunkingPlugin)).toEqual([{ kind: 'extension', name: undefined, value: ChunkingExtension }]);
});
