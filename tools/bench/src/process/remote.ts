/** Calls between the runner and the processes that it starts: a name, an argument, an answer. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a child can be asked, by name. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In the child: answers calls until the runner goes away. `ready` is what {@link Remote.start} waits for. */
export function answerCalls<R>(calls: Calls, ready: R): void {
  const send = (message: unknown): void => void process.send?.(message);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (request: Request) => {
    const call = calls[request.name] as ((argument: unknown) => unknown) | undefined;
    Promise.resolve()
      .then(() => call?.(request.argument))
      .then(
        (value) => send({ id: request.id, value }),
        (error: unknown) => send({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
      );
  });
  send({ id: 0, value: ready });
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** All that were started and have not ended: whatever fails, none is left behind. */
const running = new Set<Remote<Calls, unknown>>();

/** Ends every child that is still there. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((remote) => remote.end()));
}

/** In the runner: a child that answers {@link Calls}. */
export class Remote<C extends Calls, R = undefined> {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  /** What the child said when it was ready. */
  readonly ready: Promise<R>;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.ready = this.answer<R>(0);
    child.on('message', (answer: Answer) => this.take(answer));
    running.add(this);
    child.on('exit', (code, signal) => {
      running.delete(this);
      this.fail(`ended (${signal ?? code})`);
    });
    child.on('error', (error) => this.fail(error.message));
  }

  /** Starts `file` in a process of its own. @param flags for node. */
  static async start<C extends Calls, R = undefined>(
    file: URL,
    args: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<Remote<C, R>> {
    const execArgv = ['--expose-gc', ...flags];
    const child = fork(file, args, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const remote = new Remote<C, R>(file.pathname.split('/').pop() ?? '', child);
    await remote.ready;
    return remote;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Asks; rejects if the child throws or ends. */
  call<K extends keyof C & string>(name: K, ...argument: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    const id = ++this.lastId;
    const answer = this.answer<Awaited<ReturnType<C[K]>>>(id);
    this.child.send({ id, name, argument: argument[0] } satisfies Request);
    return answer;
  }

  /** Ends the child and waits until it is gone. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  private answer<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: (value) => resolve(value as T), reject });
    });
  }

  private take(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.error === undefined) waiting?.resolve(answer.value);
    else waiting?.reject(new Error(`${this.name}: ${answer.error}`));
  }

  private fail(why: string): void {
    for (const waiting of this.waiting.values()) waiting.reject(new Error(`${this.name}: ${why}`));
    this.waiting.clear();
  }
}
