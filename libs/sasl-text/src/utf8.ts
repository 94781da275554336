/** UTF-8 as it must be (RFC 3629): what is not is no text, and is not repaired into one. */

// A byte order mark is a character like others here, and not a reason to leave something out.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, or undefined if the octets are not UTF-8. */
export function decodeUtf8(octets: Uint8Array): string | undefined {
  try {
    return decoder.decode(octets);
  } catch {
    return undefined;
  }
}
