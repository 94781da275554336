/** IPv4 and IPv6 addresses as RFC 5321 4.1.3 writes them. Strict: what is not certain to mean one address is refused. */
import { COLON, DIGIT, DOT, HEX, classOf } from './chars.js';

/** Four numbers from 0 to 255, without leading zeros: some readers take `010` for eight. */
export function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let numbers = 0;
  let value = -1;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      if (value < 0) return false;
      numbers++;
      value = -1;
    } else if ((classOf(code) & DIGIT) !== 0 && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - 0x30;
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return numbers === 4;
}

/**
 * RFC 5321 4.1.3 `IPv6-addr`. Unlike RFC 4291, `::` stands for two groups of zeros at least, so that an address has one
 * shape less.
 */
export function isIpv6(text: string): boolean {
  const end = text.length;
  // The longest form, with an IPv4 address at its end, has 45 characters.
  if (end < 2 || end > 45) return false;
  let compressed = text.startsWith('::');
  let at = compressed ? 2 : 0;
  let groups = 0;
  while (at < end) {
    const start = at;
    while (at < end && (classOf(text.charCodeAt(at)) & HEX) !== 0) at++;
    if (at < end && text.charCodeAt(at) === DOT) {
      if (!isIpv4(text.slice(start))) return false;
      groups += 2;
      break;
    }
    if (at === start || at - start > 4) return false;
    groups++;
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON) return false;
    at++;
    if (at === end) return false;
    if (text.charCodeAt(at) === COLON) {
      if (compressed) return false;
      compressed = true;
      at++;
    }
  }
  return compressed ? groups <= 6 : groups === 8;
}
