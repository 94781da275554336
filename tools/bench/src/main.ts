/** `npm run bench`: measures, prints Markdown, and keeps it with `--save`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DriverCalls } from './driver/main.js';
import { compareMaildir } from './maildir/compare.js';
import { canRunPostfix, installPostfix } from './maildir/postfix.js';
import { measureCpu, type CpuResult } from './measure/cpu.js';
import { measureGrowth, measureIdle, type MemoryResult } from './measure/memory.js';
import { profile, type ProfileResult } from './measure/profile.js';
import { USAGE, readOptions, type BenchOptions, type Part } from './options.js';
import { compareProxies } from './proxy/compare.js';
import { canCompareDelivered, compareDelivered } from './proxy/delivered.js';
import type { GreylistCalls } from './greylist/main.js';
import type { ProtocolCalls } from './protocol/main.js';
import { Remote, endAll } from './process/remote.js';
import { openFilesLimit } from './process/resident.js';
import { cpuDetails, cpuSummary } from './report/cpu.js';
import { greylistTables } from './report/greylist.js';
import { maildirTable } from './report/maildir.js';
import { memoryTable } from './report/memory.js';
import { profileTables } from './report/profile.js';
import { protocolTable } from './report/protocol.js';
import { deliveredTable, proxyTable } from './report/proxy.js';
import { versions } from './report/versions.js';

const FOLDER = new URL('../../../docs/benchmarks/', import.meta.url);

const progress = (text: string): void => void process.stderr.write(`${text}\n`);

/** What a part prints: Markdown. */
type Measure = (options: BenchOptions, driver: Remote<DriverCalls>) => Promise<string>;

const MEASURES: Readonly<Record<Part, Measure>> = {
  async cpu({ scenarios, servers, cpu }, driver) {
    const results: CpuResult[] = [];
    for (const scenario of scenarios) {
      progress(`cpu: ${scenario.title}`);
      results.push(...(await measureCpu(scenario, servers, driver, cpu)));
    }
    return `## CPU per message\n\n${cpuSummary(results)}\n\n${cpuDetails(results)}`;
  },
  async memory({ servers, idleConnections, cpu: { nodeFlags } }, driver) {
    const spare = 100;
    if (openFilesLimit() < idleConnections + spare) {
      throw new Error(
        `${idleConnections} connections need a higher limit of open files: ulimit -n ${idleConnections + spare}`,
      );
    }
    const results: MemoryResult[] = [];
    for (const server of servers) {
      progress(`memory: ${server}`);
      results.push(
        await measureIdle(server, driver, idleConnections, nodeFlags),
        ...(await measureGrowth(server, driver, nodeFlags)),
      );
    }
    return `## Memory\n\n${memoryTable(results)}`;
  },
  async protocol({ cpu }) {
    progress('protocol');
    const remote = await Remote.start<ProtocolCalls>(new URL('./protocol/main.js', import.meta.url));
    try {
      const results = await remote.call('measure', { windowMs: cpu.windowMs / 2 });
      return `## libs/protocol alone\n\n${protocolTable(results)}`;
    } finally {
      await remote.end();
    }
  },
  async maildir({ maildir, installPostfix: install }) {
    if (install) installPostfix();
    const title = '## Maildir and Postfix';
    if (!canRunPostfix())
      return `${title}\n\nNot measured: it needs root and an installed Postfix (see --install-postfix).`;
    progress('maildir');
    return `${title}\n\n${maildirTable(await compareMaildir(maildir), maildir)}`;
  },
  async proxy({ cpu, maildir }, driver) {
    progress('proxy');
    const proxies = `## Live proxy and relay\n\n${proxyTable(await compareProxies(driver, cpu))}`;
    if (!canCompareDelivered())
      return `${proxies}\n\nBeside Postfix: not measured, it needs root and Debian's postfix.`;
    progress('proxy: beside Postfix');
    return `${proxies}\n\n${deliveredTable(await compareDelivered(maildir.messages, maildir.rounds))}`;
  },
  async greylist({ greylist }) {
    progress('greylist');
    const remote = await Remote.start<GreylistCalls>(new URL('./greylist/main.js', import.meta.url));
    try {
      const { results, memories } = await remote.call('measure', greylist);
      return `## Greylisting on lmdb\n\n${greylistTables(results, memories)}`;
    } finally {
      await remote.end();
    }
  },
  async profile({ scenarios, servers, cpu }, driver) {
    const results: ProfileResult[] = [];
    for (const scenario of scenarios) {
      for (const server of servers) {
        progress(`profile: ${server}, ${scenario.title}`);
        results.push(await profile(scenario, server, driver, cpu));
      }
    }
    return `## CPU profiles\n\n${profileTables(results)}`;
  },
};

async function run(options: BenchOptions): Promise<string> {
  const date = new Date().toISOString().slice(0, 10);
  const pieces = [`# Benchmarks, ${date}`, versions(options.cpu.nodeFlags)];
  const driver = await Remote.start<DriverCalls>(new URL('./driver/main.js', import.meta.url));
  try {
    for (const part of options.parts) pieces.push(await MEASURES[part](options, driver));
  } finally {
    await driver.end();
  }
  const text = `${pieces.join('\n\n')}\n`;
  if (options.save) {
    mkdirSync(FOLDER, { recursive: true });
    const file = new URL(`${date}.md`, FOLDER);
    writeFileSync(file, text);
    progress(`written: ${fileURLToPath(file)}`);
  }
  return text;
}

try {
  const options = readOptions(process.argv.slice(2));
  process.stdout.write(options === undefined ? `${USAGE}\n` : await run(options));
} catch (error) {
  progress(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await endAll();
}
