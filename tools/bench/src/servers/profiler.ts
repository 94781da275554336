/** A CPU profile of the process it runs in, summed up by function: what is left to make faster. */
import { Session, type Profiler } from 'node:inspector';

/** One function: its own time, without that of what it calls. */
export interface ProfileRow {
  /** `name file:line`, or V8's name for what is no function: `(garbage collector)`. */
  readonly what: string;
  /** Of all samples but the idle ones. */
  readonly share: number;
}

let session: Session | undefined;

export async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await post(session, 'Profiler.enable');
  await post(session, 'Profiler.start');
}

/** @returns the functions with the most time of their own, and how much they are of all. */
export async function stopProfile(rows: number): Promise<ProfileRow[]> {
  if (session === undefined) throw new Error('no profile was started');
  const { profile } = await post<Profiler.StopReturnType>(session, 'Profiler.stop');
  session.disconnect();
  session = undefined;
  return sumUp(profile).slice(0, rows);
}

/** All functions of a profile, most time first; waiting for work is left out. */
export function sumUp(profile: Profiler.Profile): ProfileRow[] {
  const names = new Map(profile.nodes.map((node) => [node.id, describe(node.callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const name = names.get(id) ?? '(unknown)';
    if (name === '(idle)') continue;
    const time = profile.timeDeltas?.[i] ?? 0;
    total += time;
    times.set(name, (times.get(name) ?? 0) + time);
  }
  return [...times].map(([what, time]) => ({ what, share: time / total })).sort((a, b) => b.share - a.share);
}

function describe({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  if (url === '') return functionName;
  // The last two folders tell libraries apart: every one has a dist.
  const file = url.split('/').slice(-4).join('/');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}

function post<T>(to: Session, method: string): Promise<T> {
  return new Promise((resolve, reject) => {
    to.post(method, (error, result) => (error === null ? resolve(result as T) : reject(error)));
  });
}
