/** Messages that say which they are, and can be made again to compare. */

const ID = /^X-Id: (\d+)\r\n/;

/** Small ones, ones beyond what a Maildir gathers in memory (so that their file grows as they come), and some between. */
const LINES = [3, 40, 400, 4000, 8000];

/** The message of that number: the same octets whenever it is asked for. */
export function messageOf(id: number): Buffer {
  const lines = LINES[id % LINES.length] ?? 3;
  // Every seventh line begins with a dot: what is stored must have it once.
  const body = Array.from(
    { length: lines },
    (_, n) => `${n % 7 === 0 ? '.' : ''}${id} line ${n} ${'x'.repeat(n % 80)}\r\n`,
  );
  return Buffer.from(`X-Id: ${id}\r\nSubject: kill\r\n\r\n${body.join('')}`, 'latin1');
}

/** Which one it is, by its first field; undefined if it is none. */
export function idOf(message: Buffer): number | undefined {
  const match = ID.exec(message.toString('latin1', 0, 40));
  return match === null ? undefined : Number(match[1]);
}
