/** A Maildir in a temporary folder, for the specs. */
import { FakeClock, recordingLogger, type LogLine } from '@mailverb/testing';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MaildirDelivery, maildirOptions, type MaildirOptionsInput } from './index.js';

export type Folder = Awaited<ReturnType<typeof inFolder>>;

/** @param below a path in the temporary folder where the Maildir will be; it is not made. */
export async function inFolder(options: Omit<MaildirOptionsInput, 'path'> = {}, below = '') {
  const top = await mkdtemp(join(tmpdir(), 'maildir-'));
  const path = join(top, below);
  const clock = new FakeClock();
  const log: LogLine[] = [];
  const strategy = new MaildirDelivery(maildirOptions.parse({ path, ...options }), clock, recordingLogger(log));
  const filesIn = async (part: string) => {
    const entries = await readdir(top, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.parentPath.endsWith(`/${part}`))
      .map((entry) => join(entry.parentPath, entry.name));
  };
  return {
    strategy,
    path,
    clock,
    log,
    stored: async () => Promise.all((await filesIn('new')).map((file) => readFile(file))),
    leftovers: async () => [...(await filesIn('tmp')), ...(await filesIn('cur'))],
    cleanup: () => rm(top, { recursive: true, force: true }),
  };
}
