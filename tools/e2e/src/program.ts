/** Running other programs: found or missed by name, and never left behind. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@link run} can be told. */
export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  readonly input?: string | Uint8Array;
}

/** Where install-peers.sh unpacks what can't be installed beside the others. */
export const UNPACKED = '/usr/local/lib/exim-unpacked';

/** Debian keeps servers' programs where an ordinary PATH does not look. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', `${UNPACKED}/usr/sbin`];

const running = new Set<ChildProcess>();

/** The path of somebody else's program. @throws with a hint if it is not installed: a test that is skipped shows nothing. */
export function peer(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS];
  for (const path of folders.map((folder) => join(folder, name))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here; perhaps in the next folder.
    }
  }
  throw new Error(`the program "${name}" is missing; install it: bash tools/e2e/install-peers.sh (Debian, as root)`);
}

/** Starts a program that {@link endProcesses} ends if nothing else did. */
export function start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(program, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  { input, ...how }: RunOptions = {},
): Promise<Ended> {
  const child = start(program, args, { ...how, stdio: 'pipe' });
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  // A program that ends without reading its input is judged by its exit code.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: stdout(), stderr: stderr() };
}

/** {@link run}, for a program that should succeed. @throws with all that it said if it did not. */
export async function succeed(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await run(program, args, options);
  if (ended.code !== 0) {
    const end = ended.signal ?? `code ${ended.code}`;
    throw new Error(`${program} ${args.join(' ')} ended with ${end}\n${ended.stdout}\n${ended.stderr}`);
  }
  return ended;
}

/** What a child has written so far, as text. */
export function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  child[stream]?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** How long a group may take to end what it has started itself. */
const GROUP_MS = 30_000;

/** Ends what is still running. */
export async function endProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      if (leaders.has(child)) {
        // Nx starts its commands in groups of their own, so it must be asked: SIGKILL would leave them behind.
        kill(child, 'SIGTERM');
        const last = setTimeout(() => kill(child, 'SIGKILL'), GROUP_MS);
        await gone;
        clearTimeout(last);
      } else {
        kill(child, 'SIGKILL');
        await gone;
      }
    }),
  );
}

const leaders = new WeakSet<ChildProcess>();

/** {@link start}, as the leader of a process group of its own, as a shell starts it. */
export function startGroup(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = start(program, args, { ...options, detached: true });
  leaders.add(child);
  return child;
}

/** Sends a signal to a child, and to its group if it leads one (as a terminal's Ctrl+C does). */
export function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (leaders.has(child)) process.kill(-child.pid, signal);
  else child.kill(signal);
}
