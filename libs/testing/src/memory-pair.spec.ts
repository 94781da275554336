import { once } from 'node:events';
import { settle } from './event-loop.js';
import { memoryPair, type MemorySocket } from './memory-pair.js';

const collect = (end: MemorySocket) => {
  const chunks: string[] = [];
  end.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
  return chunks;
};

describe('memoryPair', () => {
  it('carries bytes both ways, never inside the write', async () => {
    const [a, b] = memoryPair();
    const [atA, atB] = [collect(a), collect(b)];
    a.write('one');
    b.write('two');
    expect([atA, atB]).toEqual([[], []]);
    await settle();
    expect([atA, atB]).toEqual([['two'], ['one']]);
  });

  it('gives copies', async () => {
    const [a, b] = memoryPair();
    const atB = collect(b);
    const bytes = Buffer.from('abc');
    a.write(bytes, () => bytes.fill(0));
    await settle();
    expect(atB).toEqual(['abc']);
  });

  it('joins what was written while corked', async () => {
    const [a, b] = memoryPair();
    const atB = collect(b);
    a.cork();
    a.write('one');
    a.write('two');
    a.uncork();
    await settle();
    expect(atB).toEqual(['onetwo']);
  });

  it('makes the writer wait for a reader that does not read, and loses nothing', async () => {
    const [a, b] = memoryPair({ highWaterMark: 10 });
    let written = 0;
    for (let i = 0; i < 10; i++) a.write('0123456789', () => written++);
    await settle();
    expect(written).toBe(0);
    expect(a.writableNeedDrain).toBe(true);
    const atB = collect(b);
    await settle(20);
    expect(written).toBe(10);
    expect(atB.join('')).toBe('0123456789'.repeat(10));
    expect(a.writableNeedDrain).toBe(false);
  });

  it('ends one direction and keeps the other', async () => {
    const [a, b] = memoryPair();
    const atA = collect(a);
    collect(b);
    a.end('last');
    await once(b, 'end');
    b.end('answer');
    await once(a, 'close');
    expect(atA).toEqual(['answer']);
    expect(b.destroyed).toBe(true);
  });

  it('shows a destroyed end as the end of the data, and EPIPE to who writes on', async () => {
    const [a, b] = memoryPair();
    collect(b);
    a.destroy();
    await once(b, 'end');
    const failed = once(b, 'error');
    b.write('x');
    expect(await failed).toMatchObject([{ code: 'EPIPE' }]);
  });

  it('fails a write that waited for the destroyed end', async () => {
    const [a, b] = memoryPair({ highWaterMark: 1 });
    a.write('waiting');
    await settle();
    const failed = once(a, 'error');
    b.destroy();
    expect(await failed).toMatchObject([{ code: 'EPIPE' }]);
  });

  it('shows a reset as ECONNRESET', async () => {
    const [a, b] = memoryPair();
    const failed = once(b, 'error');
    a.resetAndDestroy();
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(a.errored).toBeNull();
    const [c, d] = memoryPair();
    const both = Promise.all([once(c, 'error'), once(d, 'error')]);
    c.destroy(new Error('mine'));
    expect(await both).toMatchObject([[{ message: 'mine' }], [{ code: 'ECONNRESET' }]]);
  });

  it('emits close on both ends when both have ended', async () => {
    const [a, b] = memoryPair();
    a.resume();
    b.resume();
    const closed = Promise.all([once(a, 'close'), once(b, 'close')]);
    a.end();
    b.end();
    await closed;
  });
});
