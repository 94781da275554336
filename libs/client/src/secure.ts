/** TLS from the client's side (RFC 3207, RFC 8314): the handshake, and whether the certificate is the right one (attack A5). */
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  connect as connectTls,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';
import { ClientError, type ClientStep } from './errors.js';
import type { ClientSettings } from './settings.js';

/** Whether the mode wants to know whom it talks to. */
export function verifies({ mode, verify }: ClientSettings['tls']): boolean {
  return verify && mode !== 'opportunistic';
}

/** Shakes hands over a socket. @throws {ClientError} `tls` or `timeout`; the socket is closed then. */
export function handshake(
  socket: Socket,
  settings: Pick<ClientSettings, 'tls' | 'target' | 'timeouts' | 'clock'>,
  peer: string,
  step: ClientStep,
): Promise<TLSSocket> {
  const { tls, target, timeouts, clock } = settings;
  const host = tls.serverName ?? ('path' in target ? 'localhost' : target.host);
  const checked = verifies(tls);
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      secureContext: tls.context ?? createSecureContext({ minVersion: 'TLSv1.2' }),
      // RFC 6066 3: no address is a server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: checked,
      checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
    });
    const fail = (fault: 'tls' | 'timeout', message: string, cause?: unknown): void => {
      alarm.cancel();
      secured.on('error', () => undefined);
      secured.destroy();
      socket.destroy();
      reject(new ClientError(fault, step, `${peer}: ${message}`, undefined, { cause }));
    };
    const alarm = clock.after(timeouts.connect, () => fail('timeout', 'the TLS handshake took too long'));
    const failed = (error: Error) => fail('tls', `TLS: ${error.message}`, error);
    const closed = () => fail('tls', 'the server closed the connection in the TLS handshake');
    secured.once('error', failed);
    secured.once('close', closed);
    secured.once('secureConnect', () => {
      alarm.cancel();
      secured.off('error', failed);
      secured.off('close', closed);
      resolve(secured);
    });
  });
}
