/** A value within a distinguished name (RFC 4514 2.4): every octet that is not a letter or digit is written in hexadecimal, so none means anything. */
export function escapeDn(value: string): string {
  let escaped = '';
  for (const octet of Buffer.from(value)) {
    const plain =
      (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a);
    escaped += plain ? String.fromCharCode(octet) : `\\${octet.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}
