/** The line that begins a message in an mbox: `From alice@example.org Thu Nov 20 15:06:00 2026`. */
import type { ReversePath } from '@mailverb/protocol';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** @param now milliseconds since the epoch; written in UTC, as asctime(3) writes it. */
export function fromLine(sender: ReversePath, now: number): string {
  const time = new Date(now);
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [
    DAYS[time.getUTCDay()],
    MONTHS[time.getUTCMonth()],
    String(time.getUTCDate()).padStart(2, ' '),
    `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`,
    time.getUTCFullYear(),
  ].join(' ');
  // Readers take what stands between the first two spaces for the sender, so a quoted local part must not have one.
  const name = sender === null ? 'MAILER-DAEMON' : sender.address.replace(/[^\x21-\x7e]/gu, '_');
  return `From ${name} ${date}\n`;
}
