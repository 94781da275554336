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

  /** @param done called once: with the addresses that the header gives, the stream paused and whole behind it; or with nothing, the stream destroyed. */
  constructor(
    private readonly stream: Duplex,
    private readonly endpoint: Endpoint,
    private readonly runtime: ListenerRuntime,
    private readonly done: (presented: Endpoint | undefined) => void,
  ) {
    this.until = runtime.sweeper.now + runtime.timeouts.proxyHeader;
    stream.on('data', this.onData);
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

  private readonly onData = (chunk: Uint8Array) => {
    const found = this.reader.push(chunk);
    if (found.type === 'more') return;
    if (found.type === 'invalid') {
      const { remoteAddress } = this.endpoint;
      this.runtime.logger.warn({ peer: remoteAddress, why: found.reason }, 'a trusted peer sent no valid PROXY header');
      return this.destroy();
    }
    this.stream.pause();
    // What came behind it is the client's.
    if (found.rest.length > 0) this.stream.unshift(found.rest);
    this.finish(presentedBy(found.header, this.endpoint));
  };

  private finish(presented: Endpoint | undefined): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    stream.off('data', this.onData);
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
