/**
 * The few file operations that a Maildir needs, with plain descriptors: a FileHandle costs several times as much, and a message
 * needs five operations. Methods of one object, so that a test can let any of them fail.
 */
import fs from 'node:fs';

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

function promised<T>(operation: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    operation((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

export const files = {
  /** A new file for writing, of mode 0600. Fails if the name is taken, also by a symbolic link. */
  create: (path: string): Promise<number> => promised((done) => fs.open(path, 'wx', 0o600, done)),
  openFolder: (path: string): Promise<number> => promised((done) => fs.open(path, 'r', done)),
  openExisting: (path: string): Promise<number> => promised((done) => fs.open(path, 'r+', done)),
  /** Writes some of the bytes; gives how many. */
  write: (fd: number, bytes: Uint8Array): Promise<number> =>
    promised((done) => fs.write(fd, bytes, 0, bytes.length, null, done)),
  fsync: (fd: number): Promise<void> => promised((done) => fs.fsync(fd, done)),
  /** Closing has nothing to wait for: what had to reach the disk is there, or is not wanted. So it costs no turn of the thread pool. */
  close: (fd: number): void => fs.closeSync(fd),
  rename: (from: string, to: string): Promise<void> => promised((done) => fs.rename(from, to, done)),
  link: (from: string, to: string): Promise<void> => promised((done) => fs.link(from, to, done)),
  copy: (from: string, to: string): Promise<void> =>
    promised((done) => fs.copyFile(from, to, fs.constants.COPYFILE_EXCL, done)),
  unlink: (path: string): Promise<void> => promised((done) => fs.unlink(path, done)),
  stat: (path: string): Promise<fs.Stats> => promised((done) => fs.lstat(path, done)),
  list: (path: string): Promise<string[]> => promised((done) => fs.readdir(path, done)),
  /** Of mode 0700. Fails if the name is taken, or if there is no folder above. */
  makeFolder: (path: string): Promise<void> =>
    promised((done) => fs.mkdir(path, { mode: 0o700 }, (error) => done(error, undefined))),
};

/** True if `error` is a failed system call of one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && codes.includes(error.code);
}
