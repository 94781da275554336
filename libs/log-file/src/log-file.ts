/** An append-only log file that can be reopened while it is in use. */
import fs from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FdWriter } from './fd-writer.js';
import type { LogOutput, LogOutputOptions, OnProblem } from './log-output.js';
import { keep, release } from './upkeep.js';

export const DEFAULT_BOUND = 4 * 1024 * 1024;

// A log names senders and recipients: not for everybody on the machine.
const MODE = 0o640;
const FOLDER_MODE = 0o750;

/** A file, made if it is not there, with its folder. Reopened on SIGUSR2: move it away, send the signal, and a new one begins. */
export class LogFile implements LogOutput {
  private readonly path: string;
  private readonly bound: number;
  private readonly onProblem: OnProblem;
  private state: 'new' | 'open' | 'stopped' = 'new';
  private writer: FdWriter | undefined;
  private early: string[] = [];
  private earlyLength = 0;
  private reopening: Promise<void> = Promise.resolve();

  constructor(path: string, { onProblem = () => undefined, bound = DEFAULT_BOUND }: LogOutputOptions = {}) {
    this.path = resolve(path);
    this.bound = bound;
    this.onProblem = onProblem;
  }

  write(lines: string): void {
    if (this.writer !== undefined) this.writer.write(lines);
    else if (this.state === 'stopped') this.writeLate(lines);
    else if (this.earlyLength + lines.length <= this.bound) {
      this.early.push(lines);
      this.earlyLength += lines.length;
    }
  }

  async start(): Promise<void> {
    if (this.writer !== undefined) return;
    let fd: number;
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: FOLDER_MODE });
      fd = await this.openFile();
    } catch (error) {
      throw new Error(`cannot open the log file ${this.path}: ${(error as Error).message}`, { cause: error });
    }
    this.writer = new FdWriter(fd, this.bound, {
      failed: (error) => this.onProblem(`cannot write to the log file ${this.path}`, error),
      overflowed: () => this.onProblem(`the log file ${this.path} is too slow: lines are lost`),
      recovered: (lost) => this.onProblem(`the log file ${this.path} is written again; ${lost} lines were lost so far`),
    });
    this.state = 'open';
    keep(this);
    for (const lines of this.early) this.writer.write(lines);
    this.early = [];
    this.earlyLength = 0;
  }

  /** Opens the path anew and goes on there. If that fails, goes on where it is, and says so. */
  reopen(): Promise<void> {
    // One after another: two at once could end with the older one.
    this.reopening = this.reopening.then(async () => {
      if (this.writer === undefined) return;
      try {
        const fd = await this.openFile();
        await this.writer.switchTo(fd);
      } catch (error) {
        this.onProblem(`cannot reopen the log file ${this.path}`, error as Error);
      }
    });
    return this.reopening;
  }

  async stop(): Promise<void> {
    await this.reopening;
    const { writer } = this;
    if (writer === undefined) return;
    const settled = await writer.settled();
    release(this);
    this.writer = undefined;
    this.state = 'stopped';
    // A descriptor that is being written to is left to the end of the process.
    if (settled) await new Promise<void>((done) => fs.close(writer.descriptor, () => done()));
    if (writer.lost > 0) this.onProblem(`${writer.lost} lines could not be written to the log file ${this.path}`);
  }

  flushSync(): void {
    this.writer?.flushSync();
  }

  // Few come after the stop (others stop later, and may have something to say), and none may be lost.
  private writeLate(lines: string): void {
    try {
      fs.appendFileSync(this.path, lines, { mode: MODE });
    } catch (error) {
      this.onProblem(`cannot write to the log file ${this.path}`, error as Error);
    }
  }

  private openFile(): Promise<number> {
    // The callback API's descriptor, as a FileHandle would be closed with its garbage.
    return new Promise((done, fail) =>
      fs.open(this.path, 'a', MODE, (error, fd) => (error === null ? done(fd) : fail(error))),
    );
  }
}
