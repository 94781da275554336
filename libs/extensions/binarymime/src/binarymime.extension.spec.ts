/** BINARYMIME: offered only with what it needs. */
import { contributionsOf, describeExtension, testCapabilities, testSession } from '@mailverb/testing';
import { BinaryMimeExtension } from './binarymime.extension.js';
import binaryMimePlugin from './plugin.js';

const make = (...offered: string[]): BinaryMimeExtension =>
  new BinaryMimeExtension(testCapabilities({ offers: (keyword) => offered.includes(keyword) }));

describeExtension('BINARYMIME', () => make('CHUNKING', '8BITMIME'));

it.each([
  [['CHUNKING', '8BITMIME'], undefined],
  [['CHUNKING'], false],
  [['8BITMIME'], false],
  [[], false],
])('beside %j it says %s', (offered, expected) => {
  expect(make(...offered).argument(testSession())).toBe(expected);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(binaryMimePlugin.name).toBe('extension-binarymime');
  expect(contributionsOf(binaryMimePlugin)).toEqual([
    { kind: 'extension', name: undefined, value: BinaryMimeExtension },
  ]);
});
