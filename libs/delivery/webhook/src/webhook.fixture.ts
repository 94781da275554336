/** For the specs: an endpoint in the test's own process, and a strategy that posts to it. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FakeClock, recordingLogger, type LogLine } from '@mailverb/testing';
import { WebhookDelivery } from './webhook.delivery.js';
import { webhookOptions, type WebhookOptionsInput } from './webhook.options.js';

/** What was posted. */
export interface Posted {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers a request that was read to its end. */
export type Answer = (response: ServerResponse, posted: Posted) => void;

/** Says a status, and no more. */
export const says =
  (status: number, body = '', type = 'text/plain'): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

/** Says JSON. */
export const saysJson = (status: number, body: unknown): Answer =>
  says(status, JSON.stringify(body), 'application/json');

/** A server, the requests that it has read to their end, and its connections. */
export class Receiver {
  readonly posted: Posted[] = [];
  /** Requests of which the header came, whole or not. */
  begun = 0;
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(public answer: Answer = says(200)) {
    this.server = createServer((request, response) => this.serve(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/inbox?token=t0ps3cret`;
  }

  /** The one that was posted. */
  get only(): Posted {
    const [first, second] = this.posted;
    if (first === undefined || second !== undefined) throw new Error(`${this.posted.length} requests, not one`);
    return first;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Resolves when there is no connection any more. */
  async untilNoConnection(): Promise<void> {
    await Promise.all([...this.sockets].map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.begun += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A request that breaks off is no request.
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const posted = { method, url, headers, body: Buffer.concat(chunks) };
      this.posted.push(posted);
      this.answer(response, posted);
    });
  }
}

/** A strategy, and what it logs. */
export interface Scene {
  readonly strategy: WebhookDelivery;
  readonly log: LogLine[];
  readonly clock: FakeClock;
}

/** Makes a strategy; it is not started. */
export function webhook(options: WebhookOptionsInput): Scene {
  const log: LogLine[] = [];
  const clock = new FakeClock();
  return { strategy: new WebhookDelivery(webhookOptions.parse(options), clock, recordingLogger(log)), log, clock };
}

/** The octets of a field of multipart/form-data, which the usual readers would take for text. */
export function octetsOfField({ headers, body }: Posted, name: string): Buffer {
  const boundary = String(headers['content-type']).split('boundary=')[1] ?? '';
  const start = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`);
  const from = body.indexOf(start);
  if (from === -1) throw new Error(`there is no field ${name}`);
  return body.subarray(from + start.length, body.indexOf(`\r\n--${boundary}`, from + start.length, 'latin1'));
}

/** Reads a form as browsers and servers do. */
export async function formOfPosted({ headers, body }: Posted): Promise<FormData> {
  return new Response(body, { headers: { 'content-type': String(headers['content-type']) } }).formData();
}
