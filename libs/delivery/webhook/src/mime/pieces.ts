/** A held message as pieces that are a reader's own: small, copied, and with a breath between them. */
import { isPromise, type HeldMessage } from '@mailverb/contract';
import { setImmediate as breath } from 'node:timers/promises';

const PIECE = 64 * 1024;
/** So many octets are worked on before others get their turn (attack A8): a message may be held as one chunk of 25 MiB. */
const BETWEEN_BREATHS = 512 * 1024;

/** The octets of a message from its start. Throws what the message throws, and what the signal says when it fires. */
export async function* pieces(message: HeldMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  const body = message.open();
  let worked = 0;
  for (;;) {
    signal.throwIfAborted();
    const next = body.read();
    const chunk = isPromise(next) ? await untilAborted(next, signal) : next;
    if (chunk === undefined) return;
    for (let at = 0; at < chunk.length; at += PIECE) {
      // A copy: the chunk is only ours until the next is read, and a socket may still be writing it then.
      const piece = Buffer.from(chunk.subarray(at, at + PIECE));
      worked += piece.length;
      if (worked >= BETWEEN_BREATHS) {
        worked = 0;
        await breath();
        signal.throwIfAborted();
      }
      yield piece;
    }
  }
}

/** What `pending` comes to, or the reason of the signal if that is quicker. */
export function untilAborted<T>(pending: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    pending.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: Error) => {
        settled();
        reject(error);
      },
    );
    if (signal.aborted) onAbort();
  });
}
