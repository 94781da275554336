/** SIZE: the limit is told, and a message announced as larger refused. */
import type { Session } from '@mailverb/contract';
import { contributionsOf, describeExtension, testSession } from '@mailverb/testing';
import { SizeExtension } from './size.extension.js';
import sizePlugin from './plugin.js';

function limited(maxMessageSize: number): Session {
  return testSession({
    listener: {
      name: 'mx',
      hostname: 'mx.example.org',
      protocol: 'smtp',
      maxMessageSize,
      maxRecipients: 0,
      maxMessages: 0,
      tls: 'none',
    },
  });
}

describeExtension('SIZE', () => new SizeExtension(), {
  sessions: () => [limited(1000), limited(2000)],
  parameters: {
    'MAIL SIZE': {
      takes: [
        ['0', 0],
        ['1', 1],
        ['1000', 1000],
        ['00000000000000001000', 1000],
      ],
      refuses: [undefined, '', '-1', '+1', '1.5', '1e3', '0x10', '\u0661', '1 ', 'x', '000000000000000001000', '2001'],
    },
  },
});

describe('SIZE', () => {
  const size = new SizeExtension();
  const read = (value: string | undefined, session: Session): unknown => {
    const meaning = size.parameters[0]?.parse(value, session);
    return typeof meaning === 'number' ? meaning : String(meaning);
  };

  it("tells the listener's limit, or stands alone where there is none", () => {
    expect(size.argument(limited(52_428_800))).toBe('52428800');
    expect(size.argument(limited(0))).toBeUndefined();
  });

  it('refuses a message that will be too large with 552, naming the limit', () => {
    expect(read('1000', limited(1000))).toBe(1000);
    expect(read('1001', limited(1000))).toBe('552 5.3.4 message too large: at most 1000 octets (limit messageSize)');
    expect(read('99999999999999999999', limited(1000))).toContain('552 5.3.4');
  });

  it('refuses none where there is no limit', () => {
    expect(read('99999999999999999999', limited(0))).toBe(1e20);
  });

  it('refuses nonsense with 501, whatever the limit', () => {
    expect(read('big', limited(0))).toContain('501 5.5.4');
    expect(read(undefined, limited(1000))).toContain('501 5.5.4');
    expect(read('9'.repeat(21), limited(1000))).toContain('501 5.5.4');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(sizePlugin.name).toBe('extension-size');
  expect(contributionsOf(sizePlugin)).toEqual([{ kind: 'extension', name: undefined, value: SizeExtension }]);
});
