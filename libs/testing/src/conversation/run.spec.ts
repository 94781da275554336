/** The runner, against servers that are scripts: none of them is the one that it is made for. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { FakeClock } from '../fake-clock.js';
import { memoryPair } from '../memory-pair.js';
import type { Manner } from './conversation.js';
import { parseConversation } from './parse.js';
import { runConversation } from './run.js';

type Script = (end: Duplex, chunk: (listener: (bytes: Buffer) => void) => void) => void;

/** The client's end of a connection to a script. */
function scripted(script: Script): () => Duplex {
  return () => {
    const [client, server] = memoryPair();
    server.on('error', () => undefined);
    script(server, (listener) => server.on('data', listener));
    return client;
  };
}

/** Greets, answers each line with its number, ends on QUIT and when the client ends. */
const numbering: Script = (end, chunk) => {
  let text = '';
  let count = 0;
  end.write('220 hello\r\n');
  chunk((bytes) => {
    text += bytes.toString('latin1');
    for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n')) {
      const line = text.slice(0, at);
      text = text.slice(at + 2);
      if (line === 'QUIT') return end.end('221 bye\r\n');
      if (line !== 'QUIET') end.write(`250 ${++count} ${line.length}\r\n`);
    }
  });
  end.on('end', () => end.end());
};

const MANNERS: readonly Manner[] = ['whole', 'bytes', 'random'];
const run = (text: string, script: Script = numbering, how: Manner = 'whole') =>
  runConversation(parseConversation(text, 'x'), scripted(script), how);

describe('runConversation', () => {
  it.each(MANNERS)('holds a conversation: %s', async (how) => {
    await run(
      'S: 220 *\nC: NOOP\nC: AB\nS: 250 1 4\nS: 250 2 2\nC< Q\nC< UIT\\r\\n\nS: 221 *\nS! closed',
      numbering,
      how,
    );
  });

  it.each(MANNERS)('cuts the bytes: %s', async (how) => {
    const sizes: number[] = [];
    const script: Script = (end, chunk) => {
      chunk((bytes) => sizes.push(bytes.length));
      end.on('end', () => end.end());
    };
    await run('C: 34567890\nC: 34567890\nC<* 80 x', script, how);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
    if (how === 'whole') expect(sizes).toEqual([100]);
    if (how === 'bytes') expect(sizes).toHaveLength(100);
    if (how === 'random') expect(sizes.length).toBeGreaterThan(2);
  });

  it('takes a reply of several lines as one', async () => {
    const script: Script = (end) => end.end('250-a\r\n250-b\r\n250 c\r\n250 d\r\n550-e\r\n250 f\r\n');
    await run('S:+ 250 c\nS:+ 250 *\nS: 550-e\nS: 250 f\nS! closed', script);
    await expect(run('S:+ 250 b', script)).rejects.toMatchObject({ got: '250 c' });
    await expect(run('S:+ 250 c\nS:+ 250 d\nS:+ 250 f', script)).rejects.toMatchObject({ got: '550-e' });
  });

  it('tells what was expected, what came, the line and the conversation', async () => {
    const failed = run('S: 220 *\n\nC: NOOP\nS: 250 2 *');
    await expect(failed).rejects.toMatchObject({ line: 4, expected: '250 2 *', got: '250 1 4' });
    await expect(failed).rejects.toThrow(/x:4 \(whole\)[^]*C< NOOP\\r\\n\n {2}S: 250 1 4/);
  });

  it('names the seed of random splits', async () => {
    const conversation = parseConversation('S: 999', 'x');
    await expect(runConversation(conversation, scripted(numbering), 'random', { seed: 7 })).rejects.toThrow('seed 7');
  });

  it('finds a line that came unasked: at the next line', async () => {
    await expect(run('S: 220 *\nC: A\nC: B\nS: 250 1 *\nC: QUIT\nS: 221 *')).rejects.toMatchObject({
      line: 6,
      got: '250 2 1',
    });
  });

  it('finds a line that came unasked: at the end', async () => {
    await expect(run('S: 220 *\nC: A\nC: B\nS: 250 1 *')).rejects.toMatchObject({ got: '250 2 1' });
  });

  it('finds a line behind the one before the end of the connection', async () => {
    await expect(run('C: A\nC: QUIT\nS: 220 *\nS: 250 1 1\nS! closed')).rejects.toMatchObject({ got: '221 bye' });
  });

  it('finds bytes that no CRLF ended', async () => {
    const script: Script = (end) => end.end('220 hello\r\n250');
    await expect(run('S: 220 *\nS! closed', script)).rejects.toMatchObject({ got: '250' });
  });

  it('takes a bare LF for no end of a line', async () => {
    const script: Script = (end) => end.end('220 hello\n250 x\r\n');
    await expect(run('S: 220 hello\nS! closed', script)).rejects.toMatchObject({ got: '220 hello\\n250 x' });
  });

  it('finds that the connection ended too early', async () => {
    await expect(run('S: 220 *\nC: QUIT\nS: 221 *\nS: 250 *')).rejects.toMatchObject({
      got: 'the end of the connection',
    });
  });

  it('finds that the connection did not end', async () => {
    await expect(run('S: 220 *\nC: A\nS: 250 *\nC: B\nS! closed')).rejects.toMatchObject({ got: '250 2 1' });
  });

  it('does not wait for ever', async () => {
    const conversation = parseConversation('S: 220 *\nC: QUIET\nS: 250 *', 'x');
    const failed = runConversation(conversation, scripted(numbering), 'whole', { patienceMs: 20 });
    await expect(failed).rejects.toMatchObject({ line: 3, got: 'nothing' });
  });

  it('stops writing to a server that has gone', async () => {
    const script: Script = (end, chunk) => {
      end.write('220 hello\r\n');
      chunk(() => end.end('500 go away\r\n'));
    };
    for (const how of MANNERS) await run('S: 220 *\nC<* 5000 x\nS: 500 *\nS! closed', script, how);
  });

  it('ends the client side and still reads', async () => {
    const script: Script = (end, chunk) => {
      chunk(() => undefined);
      end.on('end', () => end.end('221 as you like\r\n'));
    };
    await run('C: A\nC! close\nS: 221 *\nS! closed', script);
  });

  it('resets', async () => {
    const codes: unknown[] = [];
    const closed = new Promise<void>((resolve) => {
      const script: Script = (end, chunk) => {
        chunk(() => undefined);
        end.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
        end.on('close', resolve);
      };
      void run('C: A\nC! reset', script);
    });
    await closed;
    expect(codes).toEqual(['ECONNRESET']);
  });

  it('advances the clock', async () => {
    const clock = new FakeClock();
    const script: Script = (end) => {
      clock.after(60_000, () => end.end('421 too slow\r\n'));
      end.resume();
    };
    await runConversation(parseConversation('T: 1m\nS: 421 *\nS! closed'), scripted(script), 'whole', { clock });
    await expect(run('T: 1m', script)).rejects.toThrow('needs a server with a fake clock');
  });

  it('works over TCP', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      socket.on('error', () => undefined);
      numbering(socket, (listener) => socket.on('data', listener));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const conversation = parseConversation('S: 220 *\nC: NOOP\nS: 250 1 4\nC: QUIT\nS: 221 *\nS! closed');
    await runConversation(conversation, () => connect(port, '127.0.0.1'), 'whole');
    server.close();
    await once(server, 'close');
  });
});
