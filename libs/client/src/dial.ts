/** A socket to a server: by name, by address, by the quickest of several addresses (RFC 8305), or by a path. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { ClientError } from './errors.js';
import type { ClientSettings, Target } from './settings.js';

/** How long an address has before the next one is tried beside it (RFC 8305 5). */
const HEAD_START_MS = 250;

/** `mx.example.net:25`, for logs. */
export function peerName(target: Target): string {
  if ('path' in target) return target.path;
  return isIP(target.host) === 6 ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

/** Connects. @throws {ClientError} `unreachable` or `timeout`, with the reasons of all addresses. */
export function dial(
  settings: Pick<ClientSettings, 'target' | 'timeouts' | 'localAddress' | 'clock'>,
  signal?: AbortSignal,
): Promise<Socket> {
  const { target, timeouts, localAddress, clock } = settings;
  const from = localAddress === undefined ? {} : { localAddress };
  const starts = placesOf(target).map((place) => () => connectTcp({ ...place, ...from, noDelay: true }));
  return new Promise((resolve, reject) => {
    const trying = new Set<Socket>();
    const causes: string[] = [];
    let next = 0;
    let over = false;
    const end = (): void => {
      over = true;
      deadline.cancel();
      headStart?.cancel();
      signal?.removeEventListener('abort', stop);
      for (const socket of trying) {
        socket.on('error', () => undefined);
        socket.destroy();
      }
    };
    const stop = (): void => {
      end();
      reject(new ClientError('closed', 'connect', `${peerName(target)}: given up by us`));
    };
    const deadline = clock.after(timeouts.connect, () => {
      end();
      reject(new ClientError('timeout', 'connect', `${peerName(target)}: no connection in time`));
    });
    let headStart: ReturnType<typeof clock.after> | undefined;
    signal?.addEventListener('abort', stop);
    const begin = (): void => {
      headStart?.cancel();
      const start = starts[next];
      if (over || start === undefined) return;
      next += 1;
      const socket = start();
      trying.add(socket);
      const failed = (error: Error): void => {
        trying.delete(socket);
        causes.push(error.message);
        if (over) return;
        if (next < starts.length) return begin();
        if (trying.size > 0) return;
        end();
        reject(
          new ClientError('unreachable', 'connect', `${peerName(target)}: ${causes.join('; ')}`, undefined, {
            cause: error,
          }),
        );
      };
      socket.once('error', failed);
      socket.once('connect', () => {
        trying.delete(socket);
        socket.off('error', failed);
        if (over) return;
        end();
        resolve(socket);
      });
      headStart = clock.after(HEAD_START_MS, begin);
    };
    if (signal?.aborted === true) stop();
    else begin();
  });
}

function placesOf(
  target: Target,
): readonly ({ readonly host: string; readonly port: number } | { readonly path: string })[] {
  if ('path' in target) return [{ path: target.path }];
  const { host, port, addresses } = target;
  return addresses === undefined || addresses.length === 0
    ? [{ host, port }]
    : addresses.map((address) => ({ host: address, port }));
}
