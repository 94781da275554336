/** Programs that were not written here: started, waited for, their CPU time read from /proc, ended with their children. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Contender, ContenderName } from './contenders.js';

const START_WITHIN_MS = 30_000;
/** Of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a program that will listen on this port. */
export async function startForeign(
  name: ContenderName,
  command: readonly [string, ...string[]],
  port: number,
  { cwd, onStop }: { readonly cwd: string; readonly onStop?: () => void },
): Promise<Contender> {
  const [file, ...args] = command;
  const child = spawn(file, args, { cwd, stdio: 'ignore', detached: true });
  const pid = child.pid ?? -1;
  const stop = async (): Promise<void> => {
    onStop?.();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    // Its own group: what it started ends too.
    process.kill(-pid, 'SIGKILL');
    await gone;
  };
  const deadline = Date.now() + START_WITHIN_MS;
  while (!(await greets(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${name} did not start`);
    }
    await wait(100);
  }
  return { name, port, pid, cpuMs: () => Promise.resolve(cpuOfTree(pid)), stop };
}

/** User and system time of a process and all below it. */
export function cpuOfTree(root: number): number {
  const children = new Map<number, number[]>();
  const times = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name in parentheses may hold anything.
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
      const pid = Number(name);
      const parent = Number(fields[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
      // utime, stime, and those of children that have ended.
      times.set(
        pid,
        [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0),
      );
    } catch {
      // It has ended meanwhile.
    }
  }
  const sum = (pid: number): number =>
    (times.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((all, child) => all + sum(child), 0);
  return (sum(root) / TICKS_PER_SECOND) * 1000;
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    return first.toString('latin1').startsWith('220');
  } catch {
    return false;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
