/** As much of a NATS server with JetStream as a publisher sees, on loopback: what it keeps, and how it misbehaves, is the test's. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What it has got. */
export interface Kept {
  readonly subject: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** What a test may change, at any time. */
export interface Manners {
  /** Says nothing to who connects. */
  silent?: boolean;
  /** Whether the stream is there. */
  stream?: boolean;
  config?: object;
  maxPayload?: number;
  /** Instead of keeping a message: an answer, or none at all. */
  answer?: 'none' | 'nobody' | object;
  /** Refuses who does not bring this. */
  login?: object;
}

/** A server that listens. */
export class FakeNats {
  readonly kept: Kept[] = [];
  readonly manners: Manners = { stream: true };
  readonly sockets = new Set<Socket>();
  /** What the last client said of itself. */
  client: Record<string, unknown> = {};
  private readonly ids = new Set<string>();
  private readonly server: Server = createServer((socket) => this.serve(socket));

  async listen(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.reset();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    if (this.manners.silent === true) return;
    const info = { server_id: 'fake', version: '2.10.0', proto: 1, headers: true, jetstream: true };
    const max_payload = this.manners.maxPayload ?? 1024 * 1024;
    socket.write(`INFO ${JSON.stringify({ ...info, max_payload, auth_required: true })}\r\n`);
    const inboxes = new Map<string, string>();
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const end = rest.indexOf('\r\n');
        if (end < 0) return;
        const [verb = '', ...args] = rest.subarray(0, end).toString().split(' ');
        const size = /^H?PUB$/.test(verb) ? Number(args.at(-1)) + 2 : 0;
        if (rest.length < end + 2 + size) return;
        const payload = rest.subarray(end + 2, end + size);
        rest = rest.subarray(end + 2 + size);
        this.command(socket, inboxes, verb, args, payload);
      }
    });
  }

  private command(socket: Socket, inboxes: Map<string, string>, verb: string, args: string[], payload: Buffer): void {
    if (verb === 'PING') socket.write('PONG\r\n');
    if (verb === 'SUB') inboxes.set((args[0] ?? '').replace(/\*$/, ''), args.at(-1) ?? '');
    if (verb === 'CONNECT') {
      this.client = JSON.parse(args.join(' ')) as Record<string, unknown>;
      const wanted = Object.entries(this.manners.login ?? {});
      if (wanted.some(([name, value]) => this.client[name] !== value)) {
        socket.end("-ERR 'Authorization Violation'\r\n");
      }
    }
    if (verb !== 'PUB' && verb !== 'HPUB') return;
    const [subject = '', reply = ''] = args;
    const sid = [...inboxes].find(([prefix]) => reply.startsWith(prefix))?.[1];
    const octets = verb === 'HPUB' ? Number(args[2]) : 0;
    const answer = this.answer(subject, payload.subarray(0, octets).toString(), payload.subarray(octets));
    if (answer === 'none') return;
    if (answer === 'nobody') {
      const status = 'NATS/1.0 503\r\n\r\n';
      socket.write(`HMSG ${reply} ${sid} ${status.length} ${status.length}\r\n${status}\r\n`);
      return;
    }
    const json = JSON.stringify(answer);
    socket.write(`MSG ${reply} ${sid} ${json.length}\r\n${json}\r\n`);
  }

  private answer(subject: string, head: string, body: Buffer): 'none' | 'nobody' | object {
    if (subject.startsWith('$JS.API.STREAM.INFO.')) {
      const name = subject.slice(20);
      if (this.manners.stream !== true) {
        return { type: 'x', error: { code: 404, err_code: 10_059, description: 'stream not found' } };
      }
      return { type: 'x', config: { name, storage: 'file', max_msg_size: -1, ...this.manners.config }, state: {} };
    }
    if (this.manners.answer !== undefined) return this.manners.answer;
    const headers = new Map<string, string[]>();
    for (const line of head.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      const name = line.slice(0, colon);
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    const id = headers.get('Nats-Msg-Id')?.[0] ?? '';
    const duplicate = this.ids.has(id);
    this.ids.add(id);
    if (!duplicate) this.kept.push({ subject, headers, body: Buffer.from(body) });
    return { stream: headers.get('Nats-Expected-Stream')?.[0], seq: this.kept.length, duplicate };
  }
}
