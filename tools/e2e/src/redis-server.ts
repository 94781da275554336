/** Debian's redis-server, in a folder of its own, on the loopback address. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port';
import { peer, start } from './program';

/** What it asks of who connects. */
export const PASSWORD = 'a pa55word of redis';

const PATIENCE_MS = 30_000;

/** One that runs, can be killed, and starts again with what it has kept. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly socket: string,
    private readonly config: string,
  ) {}

  /** @param more lines of its configuration. */
  static async start(folder: string, more: readonly string[] = []): Promise<RedisServer> {
    const data = join(folder, 'redis');
    mkdirSync(data);
    const [port, socket, config] = [await freePort(), join(data, 'redis.sock'), join(data, 'redis.conf')];
    writeFileSync(
      config,
      [
        'bind 127.0.0.1',
        `port ${port}`,
        `unixsocket ${socket}`,
        `dir ${data}`,
        `requirepass "${PASSWORD}"`,
        // What was answered is there after a crash: a test that kills it asks.
        'save ""',
        'appendonly yes',
        'appendfsync always',
        'daemonize no',
        ...more,
        '',
      ].join('\n'),
    );
    const server = new RedisServer(port, socket, config);
    await server.run();
    return server;
  }

  /** Starts it (again), and waits until it answers. */
  async run(): Promise<void> {
    const child = start(peer('redis-server'), [this.config], { stdio: 'ignore' });
    this.child = child;
    const end = Date.now() + PATIENCE_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      if (Date.now() > end) throw new Error('redis-server does not answer');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP or SIGCONT: it is there, and does not answer. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  /** Any answer is one, but that it still reads what it has kept. */
  private async answers(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write(`AUTH "${PASSWORD}"\r\nPING\r\n`);
      let text = '';
      for await (const chunk of socket) {
        text += String(chunk);
        if (text.includes('+PONG')) return true;
        if (text.includes('-')) return false;
      }
      return false;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
