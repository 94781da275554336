/**
 * CPU per message of proxies before the same server (the sink, in a process of its own), in turn, as ratios to the raw pipe in the same round.
 */
import type { DriverCalls } from '../driver/main.js';
import { median } from '../measure/stats.js';
import { Remote } from '../process/remote.js';
import { resetPeak, resident } from '../process/resident.js';
import type { Load } from '../scenarios.js';
import { startServer } from '../servers/names.js';
import type { CpuSettings } from '../measure/cpu.js';
import { CONTENDERS, startContender, type Contender, type ContenderName } from './contenders.js';
import { removeHaraka } from './haraka.js';

/** What is sent, and what may be reached: CPU against the pipe. */
export interface ProxyScenario {
  readonly title: string;
  readonly load: Load;
  readonly wanted: Partial<Record<ContenderName, number>>;
}

const KIB = 1024;
const serial = (size: number, perConnection: number): Load => ({ style: 'serial', size, perConnection, dots: false });

const ONE = { 'proxy-unpooled': 1.5, proxy: 0.75 };
export const PROXY_SCENARIOS: readonly ProxyScenario[] = [
  { title: '1 KiB, 1 per connection', load: serial(KIB, 1), wanted: ONE },
  { title: '10 KiB, 1 per connection', load: serial(10 * KIB, 1), wanted: ONE },
  { title: '1 KiB, 10 per connection', load: serial(KIB, 10), wanted: { proxy: 1.6 } },
  { title: '10 KiB, 10 per connection', load: serial(10 * KIB, 10), wanted: { proxy: 1.6 } },
];

/** One proxy in one scenario. */
export interface ProxyResult {
  readonly title: string;
  readonly name: ContenderName;
  readonly cpuMs: number;
  readonly ratio: number;
  readonly perSecond: number;
  readonly wanted: number | undefined;
}

export interface ProxyComparison {
  readonly results: readonly ProxyResult[];
  /** Octets that the live proxy has grown by while a message of 50 MiB went through it. */
  readonly growth: number;
  /** Who could not be measured, and why. */
  readonly missing: readonly string[];
}

const LARGE: Load = { style: 'group', size: 50 * KIB * KIB, perConnection: 1, dots: false };

interface Window {
  readonly cpuMs: number;
  readonly perSecond: number;
}

export async function compareProxies(driver: Remote<DriverCalls>, settings: CpuSettings): Promise<ProxyComparison> {
  const sink = await startServer('sink', { args: ['unlimited'] });
  const contenders: Contender[] = [];
  const missing: string[] = [];
  try {
    for (const name of CONTENDERS) {
      const started = await startContender(name, sink.port);
      if (typeof started === 'string') missing.push(`${name}: ${started}`);
      else contenders.push(started);
    }
    const results: ProxyResult[] = [];
    for (const scenario of PROXY_SCENARIOS) results.push(...(await measure(scenario, contenders, driver, settings)));
    return { results, growth: await growthOf(contenders, driver), missing };
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
    await sink.process.end();
    removeHaraka();
  }
}

async function measure(
  { title, load, wanted }: ProxyScenario,
  contenders: readonly Contender[],
  driver: Remote<DriverCalls>,
  { connections, windowMs, windows, maxWarmup }: CpuSettings,
): Promise<ProxyResult[]> {
  const seen = new Map<ContenderName, Window[]>();
  for (let round = 0; round < maxWarmup + windows; round++) {
    for (const contender of contenders) {
      const before = await contender.cpuMs();
      const { messages, wallMs } = await driver.call('window', {
        port: contender.port,
        load,
        connections,
        milliseconds: windowMs,
      });
      const cpuMs = ((await contender.cpuMs()) - before) / messages;
      seen.set(contender.name, [...(seen.get(contender.name) ?? []), { cpuMs, perSecond: (messages / wallMs) * 1000 }]);
    }
  }
  const of = (name: ContenderName): readonly Window[] => (seen.get(name) ?? []).slice(-windows);
  const pipe = of('pipe');
  return contenders.map(({ name }) => {
    const own = of(name);
    return {
      title,
      name,
      cpuMs: median(own.map((w) => w.cpuMs)),
      ratio: median(own.map((w, i) => w.cpuMs / (pipe[i]?.cpuMs ?? NaN))),
      perSecond: median(own.map((w) => w.perSecond)),
      wanted: wanted[name],
    };
  });
}

async function growthOf(contenders: readonly Contender[], driver: Remote<DriverCalls>): Promise<number> {
  const proxy = contenders.find(({ name }) => name === 'proxy');
  if (proxy === undefined) return NaN;
  // Once to warm up: buffers of the first message stay.
  const send = () => driver.call('window', { port: proxy.port, load: LARGE, connections: 1, milliseconds: 1 });
  await send();
  resetPeak(proxy.pid);
  const before = resident(proxy.pid).now;
  await send();
  return resident(proxy.pid).peak - before;
}
