/** PIPELINING: a keyword and nothing else. */
import type { Extension } from '@mailverb/contract';
import { contributionsOf, describeExtension } from '@mailverb/testing';
import { PipeliningExtension } from './pipelining.extension.js';
import pipeliningPlugin from './plugin.js';

describeExtension('PIPELINING', () => new PipeliningExtension());

it('says its keyword in every session, without an argument or a parameter', () => {
  const extension: Extension = new PipeliningExtension();
  expect(extension.keyword).toBe('PIPELINING');
  expect(extension.argument).toBeUndefined();
  expect(extension.parameters).toBeUndefined();
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(pipeliningPlugin.name).toBe('extension-pipelining');
  expect(contributionsOf(pipeliningPlugin)).toEqual([
    { kind: 'extension', name: undefined, value: PipeliningExtension },
  ]);
});
