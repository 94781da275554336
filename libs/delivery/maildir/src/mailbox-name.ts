/**
 * From a recipient to the folder of a mailbox (attack A12).
 *
 * A name is made by allow-list: ASCII letters, digits and `_ + = - .` stand for themselves, a dot not at the start; every other
 * byte of the UTF-8 form becomes `%XX`, the percent sign too. So no name can be `.`, `..` or a path, no two local parts share a name,
 * and the local part can be read back from it.
 */

/** The longest file name on the usual file systems. */
const MAX_NAME = 255;

/** One safe file name for `text`; undefined if there is none, because it is empty or too long. */
export function safeName(text: string): string | undefined {
  let name = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    name += isPlain(byte, name === '')
      ? String.fromCharCode(byte)
      : `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
  }
  return name.length === 0 || name.length > MAX_NAME ? undefined : name;
}

/** What of a local part chooses the mailbox. */
export function mailboxLocalPart(local: string, fold: boolean, separator: string | undefined): string {
  // Two spellings of one letter are one mailbox (RFC 6532 3.1 asks for NFC).
  let name = local.normalize('NFC');
  if (fold) name = name.toLowerCase();
  const cut = separator === undefined ? -1 : name.indexOf(separator);
  return cut > 0 ? name.slice(0, cut) : name;
}

function isPlain(byte: number, first: boolean): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) || // a-z
    (byte >= 0x41 && byte <= 0x5a) || // A-Z
    (byte >= 0x30 && byte <= 0x39) || // 0-9
    byte === 0x5f || // _
    byte === 0x2d || // -
    byte === 0x2b || // +
    byte === 0x3d || // =
    (byte === 0x2e && !first) // .
  );
}
