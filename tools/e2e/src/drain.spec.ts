/** SIGTERM under load: what was answered 250 is there, what is there was sent, and nobody is cut off inside its data. */
import { readFileSync } from 'node:fs';
import { connect as dial, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { once } from 'node:events';
import { stored } from './maildir';
import { securePlace, type SecurePlace } from './secure-place';

const CLIENTS = 20;
const MARK = /^X-Number: (\S+)\r$/m;

/** What one client did until the server had no more for it. */
interface Told {
  readonly accepted: readonly string[];
  /** Sent whole, and never answered. */
  readonly unanswered: readonly string[];
  /** The last reply. */
  readonly last: string;
  /** What it was the reply to. */
  readonly to: string;
}

/** Reads replies off a socket, one at a time; undefined at the end. */
class Replies {
  private text = '';
  private over = false;
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.wake();
    });
    const end = () => {
      this.over = true;
      this.wake();
    };
    socket.on('error', end).on('close', end).on('end', end);
  }

  async next(): Promise<string | undefined> {
    for (;;) {
      const found = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/.exec(this.text);
      if (found !== null) {
        this.text = this.text.slice(found[0].length);
        return found[0].slice(-found[0].length).split('\r\n').at(-2);
      }
      if (this.over) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

/** Sends numbered messages one after another, their data in pieces, until the server says goodbye. */
async function load(at: SecurePlace, client: number): Promise<Told> {
  const tls = client % 2 === 1;
  const raw = dial(at.port(tls ? 'implicit' : 'starttls'), '127.0.0.1');
  raw.on('error', () => undefined);
  await once(raw, 'connect');
  const socket = tls ? secure({ socket: raw, ca: readFileSync(at.ca), servername: 'localhost' }) : raw;
  const replies = new Replies(socket);
  const accepted: string[] = [];
  const unanswered: string[] = [];
  let [last, to] = ['', ''];
  const say = async (line: string): Promise<boolean> => {
    if (line !== '') socket.write(`${line}\r\n`);
    const answer = await replies.next();
    last = answer ?? 'nothing';
    to = line.slice(0, 4);
    return answer !== undefined && answer < '4';
  };
  if (!(await say('')) || !(await say('EHLO client.example'))) return { accepted, unanswered, last, to };
  for (let i = 0; i < 100_000; i++) {
    const number = `${client}.${i}`;
    const commands = ['MAIL FROM:<me@example.net>', 'RCPT TO:<you@example.org>', 'DATA'];
    let open = true;
    for (const command of commands) open = open && (await say(command));
    if (!open) break;
    for (const piece of [`X-Number: ${number}\r\n\r\n`, `${'x'.repeat(70)}\r\n`.repeat(20), 'end\r\n']) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    unanswered.push(number);
    const taken = await say('.');
    if (taken) {
      unanswered.pop();
      accepted.push(number);
    }
    if (!taken) break;
  }
  socket.destroy();
  return { accepted, unanswered, last, to };
}

it('loses no message and cuts nobody off inside its data', async () => {
  // A deadline that no machine is slow enough to reach: at its deadline too the server exits with 0.
  const at = await securePlace({ shutdown: { deadline: '10m' } });
  const clients = Array.from({ length: CLIENTS }, (_, i) => load(at, i));
  // One who says nothing.
  const idle = dial(at.port('starttls'), '127.0.0.1');
  idle.on('error', () => undefined);
  const words: string[] = [];
  idle.on('data', (chunk: Buffer) => words.push(chunk.toString()));
  await once(idle, 'data');
  // Well under way.
  while (stored(at.maildir).length < 50) await new Promise((resolve) => setImmediate(resolve));
  const ended = at.server.stop('SIGTERM');
  const told = await Promise.all(clients);
  expect(await ended).toBe(0);
  // Nobody was cut off: whoever had sent its message was answered, and each heard why there is no more.
  expect(told.flatMap(({ unanswered }) => unanswered)).toEqual([]);
  for (const { last, to } of told) {
    expect(last).toMatch(/^421 4\.3\.2 /);
    // Who had begun a transaction could end it.
    expect(['', 'EHLO', 'MAIL']).toContain(to);
  }
  expect(words.join('')).toMatch(/421 4\.3\.2 /);
  const there = stored(at.maildir).map((bytes) => MARK.exec(bytes.toString('latin1'))?.[1] ?? 'none');
  expect(there.toSorted()).toEqual(told.flatMap(({ accepted }) => accepted).toSorted());
  expect(there.length).toBeGreaterThan(50);
  for (const bytes of stored(at.maildir)) expect(bytes.toString('latin1').endsWith('x\r\nend\r\n')).toBe(true);
});
