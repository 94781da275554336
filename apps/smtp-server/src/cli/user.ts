/** `user`: puts somebody into the file of the authenticator `static`. The password is typed or piped, and never an argument that others can see. */
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../errors.js';
import { EXIT, type Io } from './io.js';

/** Options of the command. */
export interface UserOptions {
  readonly name: string;
  /** The file that the entry goes to; without one it is printed. */
  readonly file?: string | undefined;
}

/** Resolves to the exit code. */
export async function user({ name, file }: UserOptions, io: Io): Promise<number> {
  const password = await io.readSecret(`password of ${name}: `);
  if (password === undefined) {
    io.err('no password was given\n');
    return EXIT.usage;
  }
  // Only who asks for it pays for loading it.
  const { formatOf, makeEntry, putEntry } = await import('@mailverb/auth-static');
  const path = file === undefined ? undefined : resolve(io.cwd, file);
  let text: string;
  try {
    const before = path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : '';
    text = putEntry(before, path === undefined ? 'yaml' : formatOf(path), await makeEntry(name, password));
    if (path === undefined) io.out(text);
    else replace(path, text);
  } catch (error) {
    io.err(`${path === undefined ? '' : `${path}: `}${reasonOf(error)}\n`);
    return error instanceof RangeError ? EXIT.usage : EXIT.failure;
  }
  if (path !== undefined) io.err(`${name} is in ${path}\n`);
  return EXIT.ok;
}

/** As a whole, whose it was and with the permissions that it had: a server that reads it meanwhile sees the old one or the new one. */
function replace(path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  // Behind a symbolic link it is the file that is replaced, and not the link.
  const target = before === undefined ? path : realpathSync(path);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600 });
    if (before !== undefined) {
      // Root adds somebody, and the server that reads the file is not root.
      const { uid, gid } = statSync(temporary);
      if (uid !== before.uid || gid !== before.gid) chownSync(temporary, before.uid, before.gid);
      chmodSync(temporary, before.mode & 0o777);
    }
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}
