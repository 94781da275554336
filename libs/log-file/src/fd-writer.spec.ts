import fs from 'node:fs';
import { FdWriter } from './fd-writer.js';

type Callback = (error: NodeJS.ErrnoException | null, written: number) => void;

// A descriptor of our own: each write waits until the test says what becomes of it.
class Device {
  readonly written: string[] = [];
  readonly closed: number[] = [];
  private pending: { fd: number; data: Buffer; callback: Callback } | undefined;

  constructor() {
    const write = (fd: number, data: Buffer, _from: number, _length: number, _at: null, callback: Callback) => {
      if (this.pending !== undefined) throw new Error('two writes at once');
      this.pending = { fd, data, callback };
    };
    jest.spyOn(fs, 'write').mockImplementation(write as never);
    const close = (fd: number, callback: () => void) => {
      this.closed.push(fd);
      callback();
    };
    jest.spyOn(fs, 'close').mockImplementation(close as never);
  }

  get busy() {
    return this.pending !== undefined;
  }

  /** Takes so many octets (all by default) of the pending write. */
  take(octets?: number) {
    const { fd, data, callback } = this.claim();
    const n = octets ?? data.length;
    this.written.push(`${fd}:${data.toString('utf8', 0, n)}`);
    callback(null, n);
  }

  fail(code: string) {
    this.claim().callback(Object.assign(new Error(code), { code }), 0);
  }

  private claim() {
    if (this.pending === undefined) throw new Error('no write is pending');
    const { pending } = this;
    this.pending = undefined;
    return pending;
  }
}

function setUp(bound = 100) {
  const device = new Device();
  const events = { failed: jest.fn(), overflowed: jest.fn(), recovered: jest.fn() };
  return { device, events, writer: new FdWriter(7, bound, events) };
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('FdWriter', () => {
  it('writes at once, and what comes meanwhile together and in order', async () => {
    const { device, writer } = setUp();
    writer.write('a\n');
    writer.write('b\n');
    writer.write('c\n');
    const settled = writer.settled();
    device.take();
    device.take();
    expect(await settled).toBe(true);
    expect(device.written).toEqual(['7:a\n', '7:b\nc\n']);
    expect(device.busy).toBe(false);
    expect(await writer.settled()).toBe(true);
  });

  it('goes on after a write that took a part, also within a character', () => {
    const { device, writer } = setUp();
    writer.write('aäb\n');
    device.take(2);
    device.take(2);
    device.take();
    expect(device.written.length).toBe(3);
    expect(device.written[2]).toBe('7:\n');
  });

  it('tries again when the reader is slow (EAGAIN)', async () => {
    jest.useFakeTimers();
    const { device, events, writer } = setUp();
    writer.write('a\n');
    device.fail('EAGAIN');
    writer.write('b\n');
    expect(device.busy).toBe(false);
    const settled = writer.settled();
    jest.advanceTimersByTime(1000);
    device.take();
    device.take();
    expect(await settled).toBe(true);
    expect(device.written).toEqual(['7:a\n', '7:b\n']);
    expect(events.failed).not.toHaveBeenCalled();
  });

  it('keeps what could not be written, and tries again with the next text (a full disk)', async () => {
    const { device, events, writer } = setUp();
    writer.write('a\n');
    const settled = writer.settled();
    device.fail('ENOSPC');
    expect(await settled).toBe(true);
    writer.write('b\n');
    device.fail('ENOSPC');
    expect(events.failed).toHaveBeenCalledTimes(1);
    writer.write('c\n');
    device.take();
    device.take();
    expect(device.written).toEqual(['7:a\n', '7:b\nc\n']);
    expect(events.recovered).toHaveBeenCalledTimes(1);
    expect(events.recovered).toHaveBeenCalledWith(0);
  });

  it('drops and counts what is beyond its bound, and says so once', () => {
    const { device, events, writer } = setUp(10);
    writer.write('first\n');
    writer.write('12345678\n');
    writer.write('lost\n');
    writer.write('lost\n');
    expect(writer.lost).toBe(2);
    expect(events.overflowed).toHaveBeenCalledTimes(1);
    device.take();
    device.take();
    writer.write('after\n');
    device.take();
    expect(device.written).toEqual(['7:first\n', '7:12345678\n', '7:after\n']);
  });

  it.each(['EPIPE', 'EBADF'])('drops everything once nobody reads (%s)', async (code) => {
    const { device, events, writer } = setUp();
    writer.write('a\n');
    writer.write('b\n');
    device.fail(code);
    expect(events.failed).toHaveBeenCalledTimes(1);
    writer.write('c\n');
    writer.flushSync();
    expect(device.busy).toBe(false);
    expect(await writer.settled()).toBe(true);
    expect(device.written).toEqual([]);
  });

  it('does not wait for ever for a reader that is stuck', async () => {
    jest.useFakeTimers();
    const { writer } = setUp();
    writer.write('a\n');
    const settled = writer.settled();
    jest.advanceTimersByTime(5000);
    expect(await settled).toBe(false);
  });

  describe('switchTo', () => {
    it('changes between two lines, and closes the old descriptor once', async () => {
      const { device, writer } = setUp();
      writer.write('long line\n');
      writer.write('next\n');
      const switched = writer.switchTo(8);
      device.take(4);
      expect(device.closed).toEqual([]);
      device.take();
      await switched;
      device.take();
      expect(device.written).toEqual(['7:long', '7: line\n', '8:next\n']);
      expect(device.closed).toEqual([7]);
      expect(writer.descriptor).toBe(8);
    });

    it('changes at once when nothing is under way', async () => {
      const { device, writer } = setUp();
      await writer.switchTo(8);
      expect(device.closed).toEqual([7]);
    });

    it('closes a descriptor that was overtaken', async () => {
      const { device, writer } = setUp();
      writer.write('a\n');
      const overtaken = writer.switchTo(8);
      const last = writer.switchTo(9);
      await overtaken;
      device.take();
      await last;
      expect(device.closed).toEqual([8, 7]);
      expect(writer.descriptor).toBe(9);
    });

    it('writes what failed before to the new descriptor, also after EPIPE', async () => {
      const { device, writer } = setUp();
      writer.write('a\n');
      device.fail('ENOSPC');
      const switched = writer.switchTo(8);
      device.take();
      await switched;
      writer.write('b\n');
      device.fail('EPIPE');
      await writer.switchTo(9);
      writer.write('c\n');
      device.take();
      expect(device.written).toEqual(['8:a\n', '9:c\n']);
    });

    it('leaves a descriptor whose pending write fails', async () => {
      const { device, writer } = setUp();
      writer.write('a\n');
      const switched = writer.switchTo(8);
      device.fail('EIO');
      await switched;
      device.take();
      expect(device.written).toEqual(['8:a\n']);
    });
  });

  describe('flushSync', () => {
    it('writes what waits, piece by piece', () => {
      const { device, writer } = setUp();
      const pieces: string[] = [];
      jest.spyOn(fs, 'writeSync').mockImplementation(((_fd: number, data: Buffer) => {
        pieces.push(data.toString('utf8', 0, 3));
        return Math.min(3, data.length);
      }) as never);
      writer.write('under way\n');
      writer.write('waits\n');
      writer.flushSync();
      expect(pieces.join('')).toBe('waits\n');
      device.take();
      expect(device.busy).toBe(false);
    });

    it('writes what a failed write left', () => {
      const { device, writer } = setUp();
      writer.write('a\n');
      device.fail('ENOSPC');
      const sync = jest
        .spyOn(fs, 'writeSync')
        .mockImplementation(((_fd: number, data: Buffer) => data.length) as never);
      writer.flushSync();
      expect(sync).toHaveBeenCalledTimes(1);
      expect(String(sync.mock.calls[0]?.[1])).toBe('a\n');
    });

    it.each(['ENOSPC', 'EAGAIN'])('gives up when it cannot (%s): a process must be able to end', (code) => {
      const { writer } = setUp();
      jest.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
      const sync = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
        throw Object.assign(new Error(code), { code });
      });
      writer.write('under way\n');
      writer.write('waits\n');
      writer.flushSync();
      expect(sync.mock.calls.length).toBe(code === 'EAGAIN' ? 10 : 1);
    });
  });
});
