/** Looks at a Maildir after a kill: what is lost, what is broken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { names, trace } from '../maildir';
import { idOf, messageOf } from './message';

/** All rounds together, in one Maildir that nobody empties. */
export class Verdict {
  /** File by message. */
  private readonly files = new Map<number, string>();
  private readonly seen = new Set<string>();
  /** What is wrong, in words; a file is named once. */
  readonly broken: string[] = [];

  constructor(private readonly maildir: string) {}

  /** Reads what has come since the last time. A file in `new` must be the whole of one message, behind its trace field. */
  read(): void {
    for (const name of names(this.maildir)) {
      if (this.seen.has(name)) continue;
      this.seen.add(name);
      const { received, message } = trace(readFileSync(join(this.maildir, 'new', name)));
      const id = idOf(message);
      if (received === undefined || id === undefined) this.broken.push(`${name} is no message`);
      else if (!message.equals(messageOf(id))) this.broken.push(`${name} is not what message ${id} is`);
      else if (this.files.has(id)) this.broken.push(`message ${id} is there twice`);
      else this.files.set(id, name);
    }
  }

  /** Which of these are not there, whole. */
  missing(answered: Iterable<number>): readonly number[] {
    const there = new Set(names(this.maildir));
    return [...answered].filter((id) => !there.has(this.files.get(id) ?? ''));
  }

  /** Messages that are there, whole: all that were answered, and some whose 250 was on its way. */
  get whole(): number {
    return this.files.size;
  }
}
