/** static: identities from a file of names and hashes, read again when it changes. */
import { readFile, stat } from 'node:fs/promises';
import {
  Clock,
  Logger,
  Options,
  type Alarm,
  type Authenticator,
  type ClientCertificate,
  type Lifecycle,
  type ScramHash,
  type ScramKeys,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { StaticOptions } from './static.options.js';
import { Users, UsersError } from './users.js';
import { formatOf, parseUsers } from './users-file.js';
import { WaitingRoom } from './waiting-room.js';

const OTHERS_READ = 0o004;

/** The authenticator static. Nothing that it knows is to be seen on it. */
@injectable()
export class StaticAuthenticator implements Authenticator, Lifecycle {
  readonly #options: StaticOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #room: WaitingRoom;
  #users: Users | undefined;
  /** What the file was like, or why it could not be looked at. */
  #state = '';
  #alarm: Alarm | undefined;
  #stopped = false;

  constructor(@inject(Options) options: StaticOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#room = new WaitingRoom(options.maxChecks, options.maxWaiting);
  }

  async start(): Promise<void> {
    await this.#load();
    this.#watch();
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
  }

  password(name: string, password: string): Promise<string | undefined> {
    return this.#room.take(() => this.#known().password(name, password));
  }

  scram(name: string, hash: ScramHash): ScramKeys | undefined {
    return this.#known().scram(name, hash);
  }

  certificate(certificate: ClientCertificate): string | undefined {
    return this.#known().certificate(certificate);
  }

  mayActAs(name: string, other: string): boolean {
    return this.#known().mayActAs(name, other);
  }

  #known(): Users {
    if (this.#users === undefined) throw new Error('the users were not read yet');
    return this.#users;
  }

  #watch(): void {
    const { reloadInterval } = this.#options;
    if (reloadInterval === 0 || this.#stopped) return;
    this.#alarm = this.#clock.after(reloadInterval, () => {
      void this.#refresh().then(() => this.#watch());
    });
  }

  /** A file that can't be used changes nothing: half of it may have been written, and the next look sees the whole. */
  async #refresh(): Promise<void> {
    const { file } = this.#options;
    const before = this.#state;
    try {
      await this.#load();
      if (this.#state === before) return;
      this.#logger.info({ file, users: this.#users?.size }, 'users have changed and were read again');
    } catch (error) {
      // Said once for each state of the file.
      if (this.#state === before) return;
      this.#logger.error({ file, error }, 'users have changed and can not be used: the old ones stay');
    }
  }

  /** Reads the file if it is another than before. Rejects if it can't be used. */
  async #load(): Promise<void> {
    const { file, format } = this.#options;
    const facts = await stat(file).catch((error: NodeJS.ErrnoException) => {
      // Perhaps it is back with the next look.
      this.#state = codeOf(error);
      throw unreadable(file, error);
    });
    // The last one tells of other permissions too: what could not be read may be readable now.
    const state = [facts.ino, facts.size, facts.mtimeMs, facts.ctimeMs].join(' ');
    if (state === this.#state) return;
    this.#state = state;
    if ((facts.mode & OTHERS_READ) !== 0) {
      this.#logger.warn({ file }, 'everybody on this machine can read the hashes of passwords');
    }
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw unreadable(file, error);
    });
    try {
      this.#users = new Users(parseUsers(text, format === 'auto' ? formatOf(file) : format));
    } catch (error) {
      if (error instanceof UsersError) throw new Error(`${file}:${error.line}: ${error.message}`);
      throw error;
    }
  }
}

function codeOf({ code = 'unknown error' }: NodeJS.ErrnoException): string {
  return code;
}

function unreadable(file: string, error: NodeJS.ErrnoException): Error {
  const code = codeOf(error);
  return new Error(`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`);
}
