/** PIPELINING: a keyword and nothing else. */
import type { Extension } from '@mailverb/contract';
import { describeExtension } from '@mailverb/testing';
import { PipeliningExtension } from './pipelining.extension.js';

describeExtension('PIPELINING', () => new PipeliningExtension());

it('says its keyword in every session, without an argument or a parameter', () => {
  const extension: Extension = new PipeliningExtension();
  expect(extension.keyword).toBe('PIPELINING');
  expect(extension.argument).toBeUndefined();
  expect(extension.parameters).toBeUndefined();
});
