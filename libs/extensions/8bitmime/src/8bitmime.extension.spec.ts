/** 8BITMIME: what BODY may say. */
import { contributionsOf, describeExtension, testCapabilities, testSession } from '@mailverb/testing';
import { EightBitMimeExtension } from './8bitmime.extension.js';
import eightBitMimePlugin from './plugin.js';

const make = (binary: boolean): EightBitMimeExtension =>
  new EightBitMimeExtension(testCapabilities({ offers: (keyword) => keyword === 'BINARYMIME' && binary }));

describeExtension('8BITMIME', () => make(true), {
  parameters: {
    'MAIL BODY': {
      takes: [
        ['7BIT', '7BIT'],
        ['7bit', '7BIT'],
        ['8BITMIME', '8BITMIME'],
        ['8BitMime', '8BITMIME'],
        ['BINARYMIME', 'BINARYMIME'],
        ['binarymime', 'BINARYMIME'],
      ],
      refuses: [undefined, '', '8BIT', '9BIT', '7BIT ', 'BINARY', '8B\u0131TMIME', '__proto__'],
    },
  },
});

describe('BODY', () => {
  const read = (value: string | undefined, binary: boolean): string =>
    String(make(binary).parameters[0]?.parse(value, testSession()));

  it('may be BINARYMIME only where that is offered', () => {
    expect(read('BINARYMIME', true)).toBe('BINARYMIME');
    expect(read('BINARYMIME', false)).toBe('555 5.5.4 BODY=BINARYMIME is not offered');
  });

  it('is refused with 501 if it says anything else', () => {
    expect(read('9BIT', true)).toContain('501 5.5.4');
    expect(read(undefined, true)).toContain('501 5.5.4');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(eightBitMimePlugin.name).toBe('extension-8bitmime');
  expect(contributionsOf(eightBitMimePlugin)).toEqual([
    { kind: 'extension', name: undefined, value: EightBitMimeExtension },
  ]);
});
