/** Names of message files by the Maildir convention: time, a part that is unique on this host, host. Nothing in them comes from a message. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

// Shared by all instances: two of them may write into one folder.
let counter = 0;

/** Gives a name at each call, never the same twice: not in this process, and not in one with the same pid after a restart. */
export class FileNames {
  private readonly tail: string;

  constructor(host: string = hostname()) {
    const unique = randomBytes(6).toString('hex');
    // The convention forbids `/` and `:` in the host part; nothing else is worth the trouble of keeping.
    this.tail = `R${unique}.${host.replace(/[^A-Za-z0-9.-]/g, '_') || 'localhost'}`;
  }

  /** @param now milliseconds since the epoch. */
  next(now: number): string {
    counter += 1;
    const seconds = Math.floor(now / 1000);
    return `${seconds}.M${(now - seconds * 1000) * 1000}P${process.pid}Q${counter}${this.tail}`;
  }
}
