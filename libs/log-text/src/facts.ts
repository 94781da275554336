/** Facts of sessions as text: times and addresses. */

const FIRST = Date.UTC(0, 0, 1);
const LAST = Date.UTC(9999, 11, 31);

let lastTime = Number.NaN;
let lastText = '';

/** `2026-01-01T00:00:00.000Z`; `-` for what is no time. */
export function isoTime(ms: number): string {
  // Many lines have the same millisecond.
  if (ms === lastTime) return lastText;
  if (!(ms >= FIRST && ms <= LAST)) return '-';
  lastTime = ms;
  lastText = new Date(ms).toISOString();
  return lastText;
}

/** `192.0.2.1:25`, `[2001:db8::1]:25`; `unix` where there is no address. */
export function endpoint(address: string, port: number): string {
  if (address === '') return 'unix';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
