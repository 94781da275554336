/** What was said, for the message of a failure. */
import { escapeBytes } from './raw.js';

/** How many lines of the end of a long conversation are shown. */
const SHOWN = 60;

/** Both sides of a conversation, in the order in which the client saw them. */
export class Transcript {
  private readonly lines: string[] = [];

  sent(bytes: Uint8Array): void {
    this.lines.push(`  C< ${escapeBytes(bytes)}`);
  }

  received(line: string): void {
    this.lines.push(`  S: ${escapeBytes(Buffer.from(line, 'latin1'))}`);
  }

  note(what: string): void {
    this.lines.push(`  (${what})`);
  }

  toString(): string {
    const left = this.lines.length - SHOWN;
    const shown = left > 0 ? [`  (${left} lines before)`, ...this.lines.slice(-SHOWN)] : this.lines;
    return shown.join('\n');
  }
}
