/**
 * The library's `connect`, with a transport that lets go of its socket. The library's own does nothing on `close` before the connection is complete: each
 * attempt at a server that accepts and says nothing, or does not finish TLS, would leave a socket behind for as long as the server likes.
 */
import {
  NatsConnectionImpl,
  setTransportFactory,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';

class TidyTransport extends NodeTransport {
  override close(error?: Error): Promise<void> {
    if (!this.connected) this.discard();
    return super.close(error);
  }
}

/** As in `@nats-io/transport-node`. */
export function connect(options: ConnectionOptions): Promise<NatsConnection> {
  // Read when the connection is made, which is now: others in this process who use the library's own set theirs.
  setTransportFactory({ factory: () => new TidyTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
