/** Who proxies in this comparison: ours, the raw pipe, and programs that were not written here; each before the same server. */
import { Remote } from '../process/remote.js';
import type { Listening, ServerCalls } from '../servers/host.js';
import { startHaraka } from './haraka.js';
import { startNginx } from './nginx.js';

export const CONTENDERS = [
  'pipe',
  'proxy-unpooled',
  'proxy',
  'relay',
  'haraka smtp_proxy',
  'haraka smtp_forward',
  'nginx',
] as const;

export type ContenderName = (typeof CONTENDERS)[number];

/** One that runs. */
export interface Contender {
  readonly name: ContenderName;
  readonly port: number;
  /** CPU milliseconds so far, of all its processes. */
  cpuMs(): Promise<number>;
  /** Octets: resident now, and the most so far. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts one before the server at this port; undefined, and a word why, if its program is not there. */
export async function startContender(name: ContenderName, upstream: number): Promise<Contender | string> {
  switch (name) {
    case 'pipe':
      return ours(name, 'pipe', [String(upstream)]);
    case 'proxy':
      return ours(name, 'proxy', [String(upstream)]);
    case 'relay':
      return ours(name, 'relay', [String(upstream)]);
    case 'proxy-unpooled':
      return ours(name, 'proxy', [String(upstream), '0']);
    case 'haraka smtp_proxy':
      return startHaraka(name, 'smtp_proxy', upstream);
    case 'haraka smtp_forward':
      return startHaraka(name, 'smtp_forward', upstream);
    case 'nginx':
      return startNginx(name, upstream);
  }
}

async function ours(name: ContenderName, file: string, args: readonly string[]): Promise<Contender> {
  const remote = await Remote.start<ServerCalls, Listening>(new URL(`../servers/${file}.js`, import.meta.url), args);
  return {
    name,
    port: (await remote.ready).port,
    pid: remote.pid,
    cpuMs: async () => (await remote.call('usage')).cpuMs,
    stop: () => remote.end(),
  };
}
