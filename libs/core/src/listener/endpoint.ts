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

/** Whom to count together: an IPv4 address, or the /64 of an IPv6 one, which is what one customer has at the least. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + behind < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
