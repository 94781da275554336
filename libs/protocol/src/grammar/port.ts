/** A port as text: digits without leading zeros, 0 to 65535; undefined if it is none. */
export function parsePort(digits: string): number | undefined {
  if (digits.length === 0 || digits.length > 5 || (digits.length > 1 && digits.startsWith('0'))) return undefined;
  let port = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port <= 0xffff ? port : undefined;
}
