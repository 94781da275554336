/** A table in a file, read at the start and again when the file is another one. A new version that can't be used changes nothing. */
import { readFile, stat } from 'node:fs/promises';
import type { Alarm } from '@mailverb/contract';
import { FAILED, type Lookup, type LookupAnswer } from './lookup.js';
import type { LookupServices } from './open-lookup.js';
import { Table, TableError } from './table.js';
import { formatOf, readTable, type TableFormat } from './table-file.js';

/** The part of the options that is about files. */
export interface FileLookupOptions {
  readonly file: string;
  readonly format: TableFormat | 'auto';
  readonly reloadInterval: number;
}

/** See above. */
export class FileLookup<K, T> implements Lookup<K, T> {
  private table: Table<K, T> | undefined;
  /** What the file was like, or why it could not be looked at. */
  private state = '';
  private alarm: Alarm | undefined;
  private stopped = false;

  constructor(
    private readonly options: FileLookupOptions,
    private readonly services: LookupServices<K, T>,
  ) {}

  /** Rejects if the file can't be used: a server without its table does not begin to listen. */
  async start(): Promise<void> {
    this.stopped = false;
    await this.load();
    this.watch();
  }

  stop(): void {
    this.stopped = true;
    this.alarm?.cancel();
  }

  find(key: K): LookupAnswer<T> {
    return this.table?.find(key) ?? FAILED;
  }

  private watch(): void {
    const { reloadInterval } = this.options;
    if (reloadInterval === 0 || this.stopped) return;
    this.alarm = this.services.clock.after(reloadInterval, () => {
      void this.refresh().then(() => this.watch());
    });
  }

  /** Half of a new version may have been written: the next look sees the whole. */
  private async refresh(): Promise<void> {
    const { file } = this.options;
    const { logger, what } = this.services;
    const before = this.state;
    try {
      await this.load();
      if (this.state !== before)
        logger.info({ file, entries: this.table?.size }, `${what} has changed and was read again`);
    } catch (error) {
      // Said once for each state of the file.
      if (this.state !== before)
        logger.error({ file, error }, `${what} has changed and can not be used: the old one stays`);
    }
  }

  private async load(): Promise<void> {
    const { file, format } = this.options;
    const { form, value } = this.services;
    const facts = await stat(file).catch((error: unknown) => {
      // Perhaps it is back with the next look.
      this.state = codeOf(error);
      throw unreadable(file, error);
    });
    // The last one tells of other permissions too: what could not be read may be readable now.
    const state = [facts.ino, facts.size, facts.mtimeMs, facts.ctimeMs].join(' ');
    if (state === this.state) return;
    this.state = state;
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw unreadable(file, error);
    });
    try {
      this.table = new Table(form, value, readTable(text, format === 'auto' ? formatOf(file) : format));
    } catch (error) {
      if (error instanceof TableError) throw new Error(`${file}:${error.line}: ${error.message}`);
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return code;
}

function unreadable(file: string, error: unknown): Error {
  const code = codeOf(error);
  return new Error(`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`);
}
