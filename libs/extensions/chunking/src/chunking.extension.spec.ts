/** CHUNKING: a keyword and nothing else. */
import type { Extension } from '@mailverb/contract';
import { describeExtension } from '@mailverb/testing';
import { ChunkingExtension } from './chunking.extension.js';

describeExtension('CHUNKING', () => new ChunkingExtension());

it('says its keyword in every session, without an argument or a parameter', () => {
  const extension: Extension = new ChunkingExtension();
  expect(extension.keyword).toBe('CHUNKING');
  expect(extension.argument).toBeUndefined();
  expect(extension.parameters).toBeUndefined();
});
