/** ENHANCEDSTATUSCODES: a keyword and nothing else. */
import type { Extension } from '@mailverb/contract';
import { contributionsOf, describeExtension } from '@mailverb/testing';
import { EnhancedStatusCodesExtension } from './enhancedstatuscodes.extension.js';
import enhancedStatusCodesPlugin from './plugin.js';

describeExtension('ENHANCEDSTATUSCODES', () => new EnhancedStatusCodesExtension());

it('says its keyword in every session, without an argument or a parameter', () => {
  const extension: Extension = new EnhancedStatusCodesExtension();
  expect(extension.keyword).toBe('ENHANCEDSTATUSCODES');
  expect(extension.argument).toBeUndefined();
  expect(extension.parameters).toBeUndefined();
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(enhancedStatusCodesPlugin.name).toBe('extension-enhancedstatuscodes');
  expect(contributionsOf(enhancedStatusCodesPlugin)).toEqual([
    { kind: 'extension', name: undefined, value: EnhancedStatusCodesExtension },
  ]);
});
