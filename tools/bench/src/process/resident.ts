/** Resident memory of another process, from /proc: the peak can be set back there, so it is of the measured time and not of the start. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Resident octets now, and the most since {@link resetPeak}. */
export interface Resident {
  readonly now: number;
  readonly peak: number;
}

/** Makes the peak start again from what is resident now (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** @throws where there is no /proc: memory is measured on Linux only. */
export function resident(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { now: octets(status, 'VmRSS'), peak: octets(status, 'VmHWM') };
}

function octets(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  return Number(found?.[1]) * 1024;
}

/** How many files and sockets a process started from here may have open. */
export function openFilesLimit(): number {
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
  return Number(hard?.[1] ?? Infinity);
}
