/** Programs in a temporary folder, and a strategy that runs one of them, for the specs. */
import { FakeClock, recordingLogger, type LogLine } from '@mailverb/testing';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipeDelivery, pipeOptions, type PipeOptionsInput } from './index.js';

/** Keeps its input as a file, which gets its place when it is whole. What is left in tmp/ is the program's own affair. */
const KEEPER = `cat > "$FOLDER/tmp/$$" && mv "$FOLDER/tmp/$$" "$FOLDER/new/$$"`;

export type Scene = Awaited<ReturnType<typeof scene>>;

/** @param script lines of sh; default one that keeps what it reads. FOLDER is where it may write. */
export async function scene(options: Partial<PipeOptionsInput> = {}, script = KEEPER) {
  const folder = await mkdtemp(join(tmpdir(), 'pipe-'));
  for (const part of ['tmp', 'new', 'said']) await mkdir(join(folder, part));
  const program = join(folder, 'program');
  await writeFile(program, `#!/bin/sh\n${script}`, { mode: 0o755 });
  const clock = new FakeClock();
  const log: LogLine[] = [];
  const { env, ...others } = options;
  // Or the specs, run as root, would have a warning in each log.
  const me = { uid: process.getuid?.(), gid: process.getgid?.() };
  const raw = { ...me, program, directory: folder, lineEnds: 'crlf', env: { FOLDER: folder, ...env }, ...others };
  const strategy = new PipeDelivery(pipeOptions.parse(raw), clock, recordingLogger(log));
  const read = async (part: string): Promise<Buffer[]> => {
    const names = await readdir(join(folder, part));
    return Promise.all(names.map((name) => readFile(join(folder, part, name))));
  };
  return {
    strategy,
    clock,
    log,
    folder,
    program,
    stored: () => read('new'),
    /** Processes that still run there. Those that were just killed have a moment to go. */
    leftovers: async () => {
      let found = await processesIn(folder);
      for (let i = 0; i < 1000 && found.length > 0; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        found = await processesIn(folder);
      }
      return found;
    },
    /** What the script wrote to `$FOLDER/said/*`, one text for each run. */
    said: async () => (await read('said')).map(String),
    /** Resolves when the script has made this file. */
    until: async (name: string) => {
      while (!existsSync(join(folder, name))) await new Promise((resolve) => setImmediate(resolve));
    },
    text: async (name: string) => readFile(join(folder, name), 'utf8'),
    cleanup: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The ids of processes whose working directory this is (Linux). */
async function processesIn(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')));
  return ids.filter((_, i) => found[i] === folder);
}
