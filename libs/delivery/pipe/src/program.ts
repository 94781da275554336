/**
 * Running a program: it leads a process group of its own, so that whatever it has started can be ended with it.
 *
 * Its end decides, and not the end of its output: a child that it leaves in the background may hold that open for ever. Such a child is left
 * alone where the program has ended by itself; where the program had to be stopped, the whole group is.
 * Its input is closed when the message is complete and at no other time: a program must never take a part for the whole.
 */
import type { Alarm, Body, Clock } from '@mailverb/contract';
import { PulledBody, pump } from '@mailverb/body';
import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { ProgramOutput } from './program-output.js';

/** What to run. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** How long, and how much. */
export interface Limits {
  readonly timeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly killAfterMs: number;
  readonly maxOutput: number;
}

/** How a run ended. */
export interface Ended {
  /** Undefined where it did not end by itself. */
  readonly code: number | undefined;
  /** What it died of. */
  readonly signal: string | undefined;
  /** True if the program was given the whole message. Some of it may still have been in a buffer when it ended. */
  readonly complete: boolean;
  readonly output: string;
  readonly excessive: boolean;
  /** Why it was stopped. */
  readonly stopped: Stop | undefined;
  /** Why it could not be run, or its input not be read. */
  readonly error: unknown;
}

type Stop = 'timeout' | 'aborted' | 'unreadable';

/** How long what was written just before the end may take to arrive, while somebody else holds the output open. */
const OUTPUT_GRACE_MS = 200;

/** Runs a program to its end, with the body as its input. Never rejects, and leaves no timer, stream or listener behind. */
export async function runProgram(
  call: Call,
  body: Body,
  limits: Limits,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Ended> {
  const { program, args, env, cwd, uid, gid } = call;
  let child: ChildProcess;
  try {
    child = spawn(program, args, { env, cwd, uid, gid, detached: true, shell: false, stdio: 'pipe' });
  } catch (error) {
    // Arguments that are too long, for one; most failures come as an event.
    return { ...NOTHING, error };
  }
  return new Run(child, limits, clock).toItsEnd(body, signal);
}

const NOTHING: Ended = {
  code: undefined,
  signal: undefined,
  complete: false,
  output: '',
  excessive: false,
  stopped: undefined,
  error: undefined,
};

type Last = Pick<Ended, 'code' | 'signal' | 'error'>;

class Run {
  private readonly output: ProgramOutput;
  private readonly last: Promise<Last>;
  private giveUp: () => void = () => undefined;
  private alarm: Alarm | undefined = undefined;
  private stopped: Stop | undefined = undefined;
  private error: unknown = undefined;
  private complete = false;
  private over = false;

  constructor(
    private readonly child: ChildProcess,
    private readonly limits: Limits,
    private readonly clock: Clock,
  ) {
    this.output = new ProgramOutput([child.stdout, child.stderr], limits.maxOutput);
    this.last = new Promise((resolve) => {
      child.once('exit', (code, signal) =>
        resolve({ code: code ?? undefined, signal: signal ?? undefined, error: undefined }),
      );
      child.on('error', (error) => resolve({ code: undefined, signal: undefined, error }));
      this.giveUp = () => resolve({ code: undefined, signal: undefined, error: new Error('it can not be killed') });
    });
  }

  async toItsEnd(body: Body, signal: AbortSignal): Promise<Ended> {
    const { child, clock, limits, output } = this;
    const abort = (): void => this.stop('aborted');
    signal.addEventListener('abort', abort);
    this.alarm = clock.after(limits.timeoutMs, () => this.stop('timeout'));
    // Not waited for: a program need not read to the end, and what it is given may come from a disk that hangs.
    if (child.stdin !== null && child.pid !== undefined) void this.feed(child.stdin, body);
    const last = await this.last;
    signal.removeEventListener('abort', abort);
    this.alarm?.cancel();
    // Nobody of the group has more time than its leader has taken.
    if (this.stopped !== undefined) this.kill('SIGKILL');
    this.over = true;
    await this.listenOn(last.error === undefined);
    child.stdin?.destroy();
    output.close();
    child.unref();
    if (body instanceof PulledBody) body.release();
    const { complete, stopped } = this;
    const error = last.error ?? this.error;
    return { ...last, complete, stopped, error, output: output.text, excessive: output.excessive };
  }

  private async feed(stdin: Writable, body: Body): Promise<void> {
    let broken = false;
    // What breaks while nothing is written is found at the next write.
    stdin.on('error', () => undefined);
    const write = (chunk: Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => {
        stdin.write(chunk, (error) => {
          if (error === undefined || error === null) return resolve();
          broken = true;
          reject(error);
        });
      });
    try {
      await pump(body, write);
      this.complete = true;
      stdin.end();
    } catch (error) {
      // The program does not read on: what that means its exit code says.
      if (broken) return;
      this.error = error;
      this.stop('unreadable');
    }
  }

  /** SIGTERM, and after a while SIGKILL. If even that does not help, it hangs in the kernel, and is left there. */
  private stop(why: Stop): void {
    // Once it has ended, its number may be somebody else's.
    if (this.stopped !== undefined || this.over) return;
    this.stopped = why;
    this.alarm?.cancel();
    const { clock } = this;
    const { killAfterMs } = this.limits;
    this.kill('SIGTERM');
    this.alarm = clock.after(killAfterMs, () => {
      this.kill('SIGKILL');
      this.alarm = clock.after(killAfterMs, this.giveUp);
    });
  }

  private kill(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }

  private async listenOn(started: boolean): Promise<void> {
    if (!started) return;
    let alarm: Alarm | undefined = undefined;
    const grace = new Promise<void>((resolve) => {
      alarm = this.clock.after(OUTPUT_GRACE_MS, resolve);
    });
    await Promise.race([this.output.closed, grace]);
    (alarm as Alarm | undefined)?.cancel();
  }
}
