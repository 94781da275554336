/** Clients that do not play fair: they send and send, and read nothing. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What to send. */
export interface PourRequest {
  readonly port: number;
  /** Commands to send first, one at a time, each with its reply. */
  readonly first: readonly string[];
  /** What is then sent again and again, without reading a reply. */
  readonly unit: string;
  readonly times: number;
  /** How long to stay once all is sent: the system took it, the server may not have seen it yet. */
  readonly lingerMs: number;
}

/** How it ended. */
export interface PourResult {
  /** Octets that went into the client's socket. */
  readonly octets: number;
  /** `sent`: the server took all; `stopped`: it stopped reading; `closed`: it closed. */
  readonly end: 'sent' | 'stopped' | 'closed';
}

const CHUNK = 64 * 1024;

/** A server that took nothing for so long has stopped reading. */
const STOPPED_AFTER_MS = 2000;

/** Sends it all, or as much as the server takes. */
export async function pour({ port, first, unit, times, lingerMs }: PourRequest): Promise<PourResult> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  try {
    await answered(socket);
    for (const command of first) {
      socket.write(command);
      await answered(socket);
    }
    socket.pause();
    // Being closed is an answer here, not an error.
    socket.on('error', () => {});
    const chunk = Buffer.from(unit.repeat(Math.ceil(CHUNK / unit.length)), 'latin1');
    const end = await pourChunks(socket, chunk, times * unit.length);
    if (end === 'sent') await wait(lingerMs);
    return { octets: socket.bytesWritten - socket.writableLength, end };
  } finally {
    socket.destroy();
  }
}

/** Waits for one reply; they are short enough to come in one read. */
async function answered(socket: Socket): Promise<void> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  const code = chunk.toString('latin1', 0, 3);
  if (!/^[23]/.test(code)) throw new Error(`unexpected reply: ${chunk.toString('latin1')}`);
}

function pourChunks(socket: Socket, chunk: Buffer, octets: number): Promise<PourResult['end']> {
  return new Promise((resolve) => {
    let left = octets;
    const watchdog = setTimeout(() => resolve('stopped'), STOPPED_AFTER_MS);
    const end = (how: PourResult['end']): void => {
      clearTimeout(watchdog);
      resolve(how);
    };
    const write = (): void => {
      watchdog.refresh();
      if (left === 0) return end('sent');
      const piece = chunk.subarray(0, Math.min(left, chunk.length));
      left -= piece.length;
      // One write at a time: its callback is the proof that the system took it.
      socket.write(piece, (error) => (error ? end('closed') : write()));
    };
    socket.once('close', () => end('closed'));
    write();
  });
}
