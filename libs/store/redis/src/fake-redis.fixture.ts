/** As much of Redis as the store asks for, in this process, with ways to be wrong. Real ones are in the end-to-end tests. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a command is answered with: a reply in Redis' own form, or nothing at all. */
type Answer = string | Buffer | undefined;

const NIL = '$-1\r\n';
const OK = '+OK\r\n';
const NONE: Buffer = Buffer.alloc(0);

function bulk(octets: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`$${octets.length}\r\n`), octets, Buffer.from('\r\n')]);
}

function array(...elements: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([Buffer.from(`*${elements.length}\r\n`), ...elements.map((one) => Buffer.from(one))]);
}

/** A server on a free port of the loopback address. */
export class FakeRedis {
  readonly values = new Map<string, { readonly value: Buffer; readonly px: number }>();
  /** Each command, as text. */
  readonly heard: (readonly string[])[] = [];
  /** What is to be answered in place of the truth; `undefined` for the truth, `silence` for nothing. */
  wrong: (words: readonly string[]) => string | undefined = () => undefined;
  /** Called before a script is carried out: another client comes between. */
  between: () => void = () => undefined;
  connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server?.close();
    if (this.#server !== undefined) await once(this.#server, 'close');
    this.#server = undefined;
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let command = readCommand(rest); command !== undefined; command = readCommand(rest)) {
        rest = rest.subarray(command.end);
        const answer = this.#answer(command.words);
        if (answer !== undefined) socket.write(answer);
      }
    });
  }

  #answer(words: readonly Buffer[]): Answer {
    const texts = words.map((word) => word.toString('latin1'));
    this.heard.push(texts);
    const wrong = this.wrong(texts);
    if (wrong !== undefined) return wrong === 'silence' ? undefined : wrong;
    const [name = '', key = '', ...more] = texts;
    switch (name) {
      case 'GET':
        return this.#bulk(key);
      case 'SET':
        this.values.set(key, { value: words[2] ?? Buffer.alloc(0), px: Number(more[2]) });
        return OK;
      case 'DEL':
        return `:${this.values.delete(key) ? 1 : 0}\r\n`;
      case 'EVAL':
        return this.#swap(texts[3] ?? '', words[4], words[5], Number(texts[6]));
      case 'SCAN':
        return this.#scan(Number(key), (texts[3] ?? '').slice(0, -1));
      case 'MGET':
        return array(...texts.slice(1).map((one) => this.#bulk(one)));
      default:
        return OK;
    }
  }

  #bulk(key: string): string | Buffer {
    const found = this.values.get(key);
    return found === undefined ? NIL : bulk(found.value);
  }

  #swap(key: string, expected: Buffer = NONE, next: Buffer = NONE, px = 0): Buffer {
    this.between();
    const there = this.values.get(key)?.value ?? Buffer.alloc(0);
    if (!there.equals(expected)) return array(':0\r\n', bulk(there));
    if (next.length === 0) this.values.delete(key);
    else this.values.set(key, { value: next, px });
    return array(':1\r\n');
  }

  /** Three keys at a time, by their place. */
  #scan(from: number, prefix: string): Buffer {
    const keys = [...this.values.keys()];
    const next = from + 3 < keys.length ? from + 3 : 0;
    const found = keys.slice(from, from + 3).filter((key) => key.startsWith(prefix.replaceAll('\\', '')));
    const names = found.map((key) => bulk(Buffer.from(key, 'latin1')));
    return array(bulk(Buffer.from(String(next))), array(...names));
  }
}

/** The first whole command: an array of bulk strings. */
function readCommand(octets: Buffer): { readonly words: readonly Buffer[]; readonly end: number } | undefined {
  const line = (from: number): { readonly number: number; readonly end: number } | undefined => {
    const end = octets.indexOf('\r\n', from);
    return end === -1 ? undefined : { number: Number(octets.toString('latin1', from + 1, end)), end: end + 2 };
  };
  const head = line(0);
  if (head === undefined) return undefined;
  const words: Buffer[] = [];
  let at = head.end;
  for (let i = 0; i < head.number; i++) {
    const size = line(at);
    if (size === undefined || size.end + size.number + 2 > octets.length) return undefined;
    words.push(octets.subarray(size.end, size.end + size.number));
    at = size.end + size.number + 2;
  }
  return { words, end: at };
}
