/** smtp-sink, which can be killed and started again. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port';
import { kill, peer, start, succeed } from './program';

/** Postfix's smtp-sink: it writes each message to a file of its own, whole, before it says 250. */
export class Sink {
  private child: ChildProcess | undefined = undefined;
  private lives = 0;

  private constructor(
    private readonly path: string,
    readonly port: number,
  ) {}

  static async start(place: string): Promise<Sink> {
    const path = join(place, 'sink');
    mkdirSync(path);
    chmodSync(place, 0o755);
    chownSync(path, Number((await succeed(peer('id'), ['-u', 'postfix'])).stdout), -1);
    const sink = new Sink(path, await freePort());
    await sink.resume();
    return sink;
  }

  async resume(): Promise<void> {
    // A backlog for all clients at once; a user of its own, which it wants where root starts it; names of its own, as two lives may have the same seed.
    this.lives += 1;
    const args = ['-u', 'postfix', '-d', join(this.path, `${this.lives}-`), `127.0.0.1:${this.port}`, '1000'];
    const child = start(peer('smtp-sink'), args, { stdio: 'inherit' });
    this.child = child;
    for (let up = false; !up;) {
      if (child.exitCode !== null) throw new Error(`smtp-sink ended with ${child.exitCode}`);
      const socket = connect(this.port, '127.0.0.1');
      up = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'close').then(() => false),
      ]).catch(() => false);
      socket.destroy();
    }
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    kill(child, 'SIGKILL');
    await gone;
  }

  /** It stands still for so long: what is sent to it is not read. */
  async standStill(ms: number): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    kill(child, 'SIGSTOP');
    await wait(ms);
    kill(child, 'SIGCONT');
  }

  /** What is there, message by message: behind smtp-sink's own fields, and with LF; one that it was killed over may be a part. */
  *messages(): Iterable<string> {
    for (const name of readdirSync(this.path)) yield readFileSync(join(this.path, name), 'latin1');
  }
}
