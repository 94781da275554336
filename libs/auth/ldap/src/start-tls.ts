/**
 * StartTLS (RFC 4511 4.14), without ldapts: it keeps what somebody on the way has put in clear behind the answer, and takes it for the beginning
 * of what comes in TLS. The beginning of a yes is enough there to let anybody in (attack A4); and it waits for a handshake as long as it takes.
 */
import { once } from 'node:events';
import { connect as connectInClear, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { BerReader } from 'ldapts';

/** The message with the number 1: an ExtendedRequest of 1.3.6.1.4.1.1466.20037. */
const REQUEST = Buffer.concat([
  Buffer.from([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16]),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
]);
const EXTENDED_RESPONSE = 0x78;

/** An answer has no more to say than a few words. */
const MAX_ANSWER = 4096;

/** The directory does not begin TLS, or somebody on the way does not want it to. */
export class StartTlsError extends Error {
  override readonly name = 'StartTlsError';

  /** @param code the result code, or another short word for what is wrong. */
  constructor(readonly code: number | string) {
    super(`StartTLS failed: ${code}`);
  }
}

/**
 * A connection on which TLS has begun, and nothing was said but that it should.
 * @param tls whose certificate is expected, and signed by whom.
 * @param signal ends it all, whatever state it is in.
 */
export async function startTls(port: number, tls: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  const socket = connectInClear({ port, host: tls.host });
  // Whoever waits is told; when nobody does it must not end the process.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    socket.write(REQUEST);
    const code = await resultOn(socket, signal);
    if (code !== 0) throw new StartTlsError(code);
    const secure = connectTls({ ...tls, socket });
    secure.on('error', () => {});
    await once(secure, 'secureConnect', { signal });
    return secure;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The result code of the one answer. Rejects if there is anything behind it. */
function resultOn(socket: Socket, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let data = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      data = Buffer.concat([data, chunk]);
      try {
        const code = resultIn(data);
        if (code === undefined) return;
        // What comes next is TLS's.
        socket.off('data', read);
        resolve(code);
      } catch (error) {
        reject(error instanceof StartTlsError ? error : new StartTlsError('malformed'));
      }
    };
    socket.on('data', read);
    socket.once('close', () => reject(new StartTlsError('closed')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Undefined if it is not all there yet. */
function resultIn(data: Buffer): number | undefined {
  const reader = new BerReader(data);
  if (reader.readSequence(0x30) === null || reader.remain < reader.length) {
    if (data.length > MAX_ANSWER) throw new StartTlsError('too long');
    return undefined;
  }
  if (reader.remain > reader.length) throw new StartTlsError('data in clear');
  if (reader.readInt() !== 1) throw new StartTlsError('malformed');
  reader.readSequence(EXTENDED_RESPONSE);
  return reader.readEnumeration() ?? -1;
}
