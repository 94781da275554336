/**
 * What a trusted peer sends before anything else: its PROXY header, with the addresses of the client that it speaks for.
 *
 * Nothing is said and no TLS is begun before it has come completely. Whoever sends none, a wrong one, or takes too long is not served: a peer on
 * the list that forgot its header would otherwise be taken for the client, and all its clients for one (attack A16).
 */
import type { Duplex } from 'node:stream';
import { ProxyHeaderReader, type ProxyHeader } from '@mailverb/protocol';
import type { Endpoint } from '../host/server.js';
import type { ListenerRuntime } from './runtime.js';
import type { Swept } from './sweeper.js';

/** Waits for one header. */
export class ProxyPrelude implements Swept {
  private readonly reader = new ProxyHeaderReader();
  private readonly until: number;
  private over = false;

  /** @param done called once: with the addresses that the header gives, the stream whole behind it; or with nothing, the stream destroyed. */
  constructor(
    private readonly stream: Duplex,
    private readonly endpoint: Endpoint,
    private readonly runtime: ListenerRuntime,
    private readonly done: (presented: Endpoint | undefined) => void,
  ) {
    // Not the sweeper's own time, which stands still while it has nobody to look at.
    this.until = runtime.clock.now() + runtime.timeouts.proxyHeader;
    // Not by 'data': that would need pause(), and whoever has the stream next would have to know that it is to be resumed.
    stream.on('readable', this.onReadable);
    stream.on('end', this.onGone);
    stream.on('error', this.onGone);
    stream.on('close', this.onGone);
    runtime.sweeper.add(this);
  }

  sweep(now: number): void {
    if (now < this.until) return;
    this.runtime.watchers.limitReached(undefined, 'timeouts.proxyHeader');
    this.destroy();
  }

  /** The connection is not wanted any more. */
  destroy(): void {
    this.finish(undefined);
  }

  private readonly onGone = () => this.finish(undefined);

  private readonly onReadable = () => {
    for (;;) {
      const chunk: unknown = this.stream.read();
      if (!(chunk instanceof Uint8Array) || this.take(chunk)) return;
    }
  };

  /** True if there is nothing more to wait for. */
  private take(chunk: Uint8Array): boolean {
    const found = this.reader.push(chunk);
    if (found.type === 'more') return false;
    if (found.type === 'invalid') {
      const { remoteAddress } = this.endpoint;
      this.runtime.logger.warn({ peer: remoteAddress, why: found.reason }, 'a trusted peer sent no valid PROXY header');
      this.destroy();
      return true;
    }
    // What came behind it is the client's.
    if (found.rest.length > 0) this.stream.unshift(found.rest);
    this.finish(presentedBy(found.header, this.endpoint));
    return true;
  }

  private finish(presented: Endpoint | undefined): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    stream.off('readable', this.onReadable);
    stream.off('end', this.onGone);
    stream.off('error', this.onGone);
    stream.off('close', this.onGone);
    this.runtime.sweeper.delete(this);
    if (presented === undefined) {
      stream.on('error', () => {});
      stream.destroy();
    }
    this.done(presented);
  }
}

/** LOCAL (the proxy's own health check) and UNKNOWN say nothing of a client: the connection is the peer's own. */
function presentedBy({ source, destination }: ProxyHeader, endpoint: Endpoint): Endpoint {
  if (source === undefined || destination === undefined) return endpoint;
  return {
    remoteAddress: source.address,
    remotePort: source.port,
    localAddress: destination.address,
    localPort: destination.port,
  };
}
