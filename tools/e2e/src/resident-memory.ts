/** How much a process grows: resident memory, the peak while it lasts (the kernel's own high-water mark, set back before) against what was resident before. */
import { readFileSync, writeFileSync } from 'node:fs';
import { MIB } from './large';

/** Runs `act`; gives by how many octets the process was larger at most, and says so under the test's name. */
export async function growth(pid: number, act: () => Promise<void>): Promise<number> {
  // proc(5): 5 sets the peak back to what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = resident(pid, 'VmRSS');
  await act();
  const grown = resident(pid, 'VmHWM') - before;
  process.stderr.write(`${expect.getState().currentTestName}: ${(grown / MIB).toFixed(1)} MiB\n`);
  return grown;
}

function resident(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1]) * 1024;
}
