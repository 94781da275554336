/**
 * A DNS server for tests: on loopback, UDP and TCP on one port, its names and its misbehaviour as a table. It answers like a recursive server, and
 * knows nothing that is not in its table, so no test asks the world.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  decode,
  encode,
  type DecodedPacket,
} from 'dns-packet';
import { DnsZone, type DnsFault, type DnsRecords, type DnsTable } from './dns-table.js';

/** One question that came. */
export interface DnsQuery {
  /** In lower case. */
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
}

const HOST = '127.0.0.1';
/** What fits over UDP where who asks says nothing of more (RFC 1035 4.2.1). */
const UDP_OCTETS = 512;
/** How often a port is sought that is free for both. */
const PORT_TRIES = 20;
const RESPONSE_CODES: ReadonlyMap<DnsFault, number> = new Map([
  ['SERVFAIL', 2],
  ['NXDOMAIN', 3],
  ['REFUSED', 5],
]);

/** A started server; `stop` it in the end. */
export class TestDnsServer {
  /** For a configuration: `127.0.0.1:40053`. */
  readonly address: string;
  readonly #queries: DnsQuery[] = [];
  readonly #connections = new Set<Socket>();
  /** Answers that wait for {@link release}; undefined where they do not wait. */
  #held: (() => void)[] | undefined;
  #stopped: Promise<void> | undefined;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** @param table names to records, see {@link DnsTable}. */
  static async start(table: DnsTable = {}): Promise<TestDnsServer> {
    const { udp, tcp } = await bindBoth(PORT_TRIES);
    return new TestDnsServer(new DnsZone(table), udp, tcp);
  }

  private constructor(
    private readonly zone: DnsZone,
    private readonly udp: UdpSocket,
    private readonly tcp: Server,
  ) {
    this.address = `${HOST}:${udp.address().port}`;
    udp.on('message', (message, { address, port }) => {
      this.take(message, 'udp', (answer) => {
        udp.send(answer, port, address, () => undefined);
      });
    });
    // A test that stops its client leaves nobody to send to.
    udp.on('error', () => undefined);
    tcp.on('connection', (socket) => this.serve(socket));
  }

  /** All questions that came, in their order. */
  get queries(): readonly DnsQuery[] {
    return this.#queries;
  }

  /** How many questions came; for a name, and a type, if those are told. */
  count(name?: string, type?: string): number {
    const wanted = name?.toLowerCase();
    return this.#queries.filter(
      (query) => (wanted === undefined || query.name === wanted) && (type === undefined || query.type === type),
    ).length;
  }

  /** Resolves once that many questions have come in all. */
  async asked(count: number): Promise<void> {
    if (this.#queries.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  /** Changes a name, or adds it. */
  set(name: string, records: DnsRecords | DnsFault): void {
    this.zone.set(name, records);
  }

  /** Forgets a name. */
  delete(name: string): void {
    this.zone.delete(name);
  }

  /** From now on answers are late: they wait for {@link release}, in the order of the questions. */
  hold(): void {
    this.#held ??= [];
  }

  /** Sends what was held, and answers at once again. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  /** Closes everything; a second time it is harmless. */
  stop(): Promise<void> {
    this.#stopped ??= this.close();
    return this.#stopped;
  }

  private async close(): Promise<void> {
    this.#held = undefined;
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => {
        this.udp.close(resolve);
      }),
      new Promise<void>((resolve) => {
        this.tcp.close(() => resolve());
      }),
    ]);
  }

  private serve(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#connections.delete(socket));
    let unread = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
        const end = 2 + unread.readUInt16BE(0);
        const message = unread.subarray(2, end);
        unread = unread.subarray(end);
        this.take(message, 'tcp', (answer) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          if (!socket.destroyed) socket.write(Buffer.concat([length, answer]));
        });
      }
    });
  }

  private take(message: Buffer, transport: 'udp' | 'tcp', send: (answer: Buffer) => void): void {
    let query: DecodedPacket;
    try {
      query = decode(message);
    } catch {
      return;
    }
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const { type } = question;
    const name = question.name.toLowerCase();
    this.#queries.push({ name, type, transport });
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.#queries.length < count) return true;
      resolve();
      return false;
    });
    const answer = this.answerTo(query, name, type, transport);
    if (answer === undefined) return;
    if (this.#held === undefined) send(answer);
    else this.#held.push(() => send(answer));
  }

  private answerTo(query: DecodedPacket, name: string, type: string, transport: 'udp' | 'tcp'): Buffer | undefined {
    const { fault, answers, truncated } = this.zone.answer(name, type);
    const id = query.id ?? 0;
    if (fault === 'silence') return undefined;
    if (fault === 'garbage') {
      const octets = Buffer.alloc(40, 0xff);
      octets.writeUInt16BE(id);
      return octets;
    }
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | (RESPONSE_CODES.get(fault ?? 'silence') ?? 0);
    const packet = { type: 'response', id: fault === 'wrong-id' ? id ^ 1 : id, flags, questions: query.questions };
    const whole = encode({ ...packet, type: 'response', answers: [...answers] });
    if (transport === 'tcp' || (!truncated && whole.length <= roomOf(query))) return whole;
    return encode({ ...packet, type: 'response', flags: flags | TRUNCATED_RESPONSE });
  }
}

/** RFC 6891 6.2.3: what who asks says that it can take. */
function roomOf({ additionals = [] }: DecodedPacket): number {
  for (const record of additionals) if (record.type === 'OPT') return Math.max(UDP_OCTETS, record.udpPayloadSize);
  return UDP_OCTETS;
}

async function bindBoth(tries: number): Promise<{ udp: UdpSocket; tcp: Server }> {
  const tcp = createServer();
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(0, HOST, resolve);
  });
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, HOST, resolve);
    });
    udp.removeAllListeners('error');
    return { udp, tcp };
  } catch (error) {
    udp.close();
    await new Promise((resolve) => {
      tcp.close(resolve);
    });
    if (tries <= 1) throw error;
    return bindBoth(tries - 1);
  }
}
