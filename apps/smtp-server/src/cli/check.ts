/** `check`: everything up to the start, and nothing started. */
import { assemble, loadConfiguration } from '../plan/load.js';
import { EXIT, type Io } from './io.js';
import { notes, summary } from './summary.js';

/** Resolves to the exit code; what is wrong comes as a ConfigurationError. */
export async function check(file: string | undefined, io: Io): Promise<number> {
  const loaded = await loadConfiguration(file, io);
  const { assembly } = (await assemble(loaded, io.createServer)).server;
  io.out(`configuration ok\n${loaded.secrets.scrub(summary(assembly))}\n`);
  for (const note of notes(assembly)) io.out(`note: ${loaded.secrets.scrub(note)}\n`);
  return EXIT.ok;
}
