/**
 * HTTP for who watches from outside: `/live`, `/ready`, `/metrics`. It belongs to the process, and knows no assembly: reloads come and go behind
 * it. It answers GET and HEAD of these three, reads no body, and keeps no connection.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { formatAddress } from '../cli/announce.js';
import type { Page } from './page.js';

/** How the process is doing. */
export type Condition = 'starting' | 'ready' | 'draining';

/** Who knows. */
export interface Watched {
  condition(): Condition;
  /** Undefined if nobody counts. */
  metrics(): Promise<Page | undefined>;
}

/** What one scrape may take, on our side of it. */
const REQUEST_MS = 5000;
const MOST_HEADER_OCTETS = 8192;
const MOST_CONNECTIONS = 32;

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

export class HealthServer {
  private readonly server: Server;

  constructor(private readonly watched: Watched) {
    const limits = { maxHeaderSize: MOST_HEADER_OCTETS, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
    this.server = createServer({ ...limits, connectionsCheckingInterval: 1000 }, (request, response) => {
      void this.answer(request).then((answer) => send(answer, request, response));
    });
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.timeout = REQUEST_MS;
  }

  /** Resolves to where it listens: `127.0.0.1:9125`. */
  async listen(address: { readonly host: string; readonly port: number }): Promise<string> {
    this.server.listen(address);
    await once(this.server, 'listening');
    const { address: host, port } = this.server.address() as AddressInfo;
    // The process ends when the mail server has ended, whoever is looking.
    this.server.unref();
    return formatAddress({ host, port });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET and HEAD' };
    switch (url.split('?', 1)[0]) {
      case '/live':
        return { status: 200, body: 'live' };
      case '/ready': {
        const condition = this.watched.condition();
        return { status: condition === 'ready' ? 200 : 503, body: condition };
      }
      case '/metrics':
        return this.metrics();
      default:
        return { status: 404, body: 'there are /live, /ready and /metrics' };
    }
  }

  private async metrics(): Promise<Answer> {
    try {
      const page = await this.watched.metrics();
      if (page !== undefined) return { status: 200, contentType: page.contentType, body: page.text };
      return { status: 404, body: 'nobody counts: add "metrics" to the observers of the configuration' };
    } catch {
      return { status: 500, body: 'the numbers are not to be had' };
    }
  }
}

function send({ status, contentType, body }: Answer, { method }: IncomingMessage, response: ServerResponse): void {
  const text = contentType === undefined ? `${body}\n` : body;
  response.writeHead(status, {
    'content-type': contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : text);
}
