/** Addresses of connections, as sessions and limits see them. */
import type { Socket } from 'node:net';
import type { Endpoint } from '../host/server.js';

/** Of who has no address: a unix socket's peer. */
export const UNIX_ENDPOINT: Endpoint = Object.freeze({
  remoteAddress: '',
  remotePort: 0,
  localAddress: '',
  localPort: 0,
});

/** A TCP socket's addresses. What nobody asks for costs no system call. */
export class SocketEndpoint implements Endpoint {
  readonly remoteAddress: string;

  constructor(private readonly socket: Socket) {
    this.remoteAddress = plain(socket.remoteAddress);
  }
  get remotePort(): number {
    return this.socket.remotePort ?? 0;
  }
  get localAddress(): string {
    return plain(this.socket.localAddress);
  }
  get localPort(): number {
    return this.socket.localPort ?? 0;
  }
}

/** IPv4 in its own form, also where a dual-stack socket shows it mapped. */
function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
