/** The cost of a header section, counted at every cut as it would be counted whole. */
import fc from 'fast-check';
import { HeaderGuard, type HeaderExcess, type HeaderLimits } from './header-guard.js';

const NO_LIMIT: HeaderLimits = { headerBytes: 1e9, headerLines: 1e9, received: 1e9 };

/** The header section up to and with the empty line, or all there is. */
function section(text: string): string {
  const end = `\r\n${text}`.indexOf('\r\n\r\n');
  return end === -1 ? text : text.slice(0, end + 2);
}

/** What of the limits the text exceeds. A limit within a line is exceeded by the octet that does it, so which comes first is not said here. */
function exceeded(text: string, limits: HeaderLimits): Set<HeaderExcess> {
  const header = section(text);
  const lines = header.split('\r\n').slice(0, -1);
  const starts = header.split('\r\n').filter((line) => /^received:/i.test(line)).length;
  const found = new Set<HeaderExcess>();
  if (header.length > limits.headerBytes) found.add('headerBytes');
  if (lines.length > limits.headerLines) found.add('headerLines');
  if (starts > limits.received) found.add('received');
  return found;
}

function pushAll(guard: HeaderGuard, text: string, cuts: readonly number[]): HeaderExcess | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    const excess = guard.push(bytes.subarray(edges[i - 1], edges[i]));
    if (excess !== undefined) return excess;
  }
  return undefined;
}

const text = fc
  .array(
    fc.constantFrom(
      'Received: by x\r\n',
      'received:\r\n',
      'RECEIVED:',
      'Received-SPF: pass\r\n',
      'X-Received: y\r\n',
      ' Received: folded\r\n',
      'Received : no\r\n',
      'Rec',
      'Subject: x\r\n',
      'a',
      '\r\n',
      '\r\n\r\n',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('HeaderGuard', () => {
  it('finds an excess if and only if there is one, at every cut', () => {
    const limits = fc.record({ headerBytes: fc.nat(100), headerLines: fc.nat(6), received: fc.nat(3) });
    fc.assert(
      fc.property(text, limits, fc.array(fc.nat(), { maxLength: 6 }), (message, allowed, cuts) => {
        const expected = exceeded(message, allowed);
        const everywhere = Array.from({ length: message.length }, (_, i) => i);
        for (const where of [[], cuts, everywhere]) {
          const found = pushAll(new HeaderGuard(allowed), message, where);
          if (expected.size === 0) expect(found).toBeUndefined();
          else expect([...expected]).toContain(found);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is done at the empty line, and looks at nothing behind it', () => {
    const guard = new HeaderGuard({ ...NO_LIMIT, received: 1 });
    expect(guard.push(Buffer.from('Received: x\r\n\r'))).toBeUndefined();
    expect(guard.done).toBe(false);
    expect(guard.push(Buffer.from('\nReceived: y\r\nReceived: z\r\n'))).toBeUndefined();
    expect(guard.done).toBe(true);
  });

  it('is done at once where there is no header', () => {
    const guard = new HeaderGuard({ headerBytes: 2, headerLines: 1, received: 0 });
    expect(guard.push(Buffer.from(`\r\nReceived: x\r\n${'x'.repeat(100)}`))).toBeUndefined();
    expect(guard.done).toBe(true);
  });

  it('knows a line of BINARYMIME that ends with LF, and takes one octet for no empty line', () => {
    const guard = new HeaderGuard(NO_LIMIT);
    guard.push(Buffer.from('a: b\nc\n'));
    expect(guard.done).toBe(false);
    guard.push(Buffer.from('\n'));
    expect(guard.done).toBe(true);
  });

  it('takes no time for an endless line', () => {
    const guard = new HeaderGuard({ ...NO_LIMIT, headerBytes: 1e9 });
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 1000; i++) guard.push(chunk);
    expect(guard.push(Buffer.alloc(1))).toBeUndefined();
  });
});
