/** Names that a provider makes of addresses by machine, such as `192-0-2-1.dyn.example.net`: nobody has named that host to send mail. */
import { reverseLabels } from '@mailverb/dns';

/** True if the name has the whole address in it, forwards or backwards: by its four numbers, or in hexadecimal. One pass over the name. */
export function looksGeneric(name: string, address: string): boolean {
  const labels = reverseLabels(address)?.split('.') ?? [];
  if (labels.length === 4) return hasNumbers(name, labels) || name.includes(hexOf(labels.toReversed()));
  const digits = name.replaceAll(/[^0-9a-f]/g, '');
  return labels.length === 32 && (digits.includes(labels.join('')) || digits.includes(labels.toReversed().join('')));
}

/** The numbers of a name, in their order, with the four next to each other; also as twelve digits without anything between. */
function hasNumbers(name: string, backwards: readonly string[]): boolean {
  const octets = backwards.map(Number);
  const numbers = numbersIn(name);
  for (let at = 0; at + 4 <= numbers.length; at++) {
    if (octets.every((octet, i) => numbers[at + i] === octet)) return true;
    if (octets.every((octet, i) => numbers[at + 3 - i] === octet)) return true;
  }
  return false;
}

function numbersIn(name: string): readonly number[] {
  return (name.match(/\d+/g) ?? []).flatMap((digits) =>
    digits.length === 12 ? [0, 3, 6, 9].map((at) => Number(digits.slice(at, at + 3))) : [Number(digits)],
  );
}

function hexOf(octets: readonly string[]): string {
  return octets.map((octet) => Number(octet).toString(16).padStart(2, '0')).join('');
}
