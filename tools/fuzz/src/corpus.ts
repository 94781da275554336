/** The corpus on the disk: a folder a target, an input a file. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash32 } from './engine/random.js';

/** One input of a corpus. */
export interface CorpusEntry {
  readonly name: string;
  readonly input: Uint8Array;
}

/** The inputs of a target, in order of name. @throws if there are none: a target without a corpus is not replayed by the tests. */
export function readCorpus(folder: string, target: string): readonly CorpusEntry[] {
  const names = readdirSync(join(folder, target)).toSorted();
  if (names.length === 0) throw new Error(`no corpus for ${target}`);
  return names.map((name) => ({ name, input: readFileSync(join(folder, target, name)) }));
}

/** Writes inputs under names that their content gives. */
export function addToCorpus(folder: string, target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(join(folder, target), { recursive: true });
  for (const input of inputs) {
    writeFileSync(join(folder, target, `found-${hash32(input).toString(16).padStart(8, '0')}`), input);
  }
}
