/** CRC-32C (Castagnoli; RFC 3720 12.1, reflected): the checksum that a PROXY header may have. */

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  let remainder = value;
  for (let bit = 0; bit < 8; bit++)
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ 0x82f63b78;
  return remainder;
});

/** The checksum of `bytes`, with four octets from `hole` on taken for zeros: where the checksum itself stands. */
export function crc32c(bytes: Uint8Array, hole = -4): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    const octet = at >= hole && at < hole + 4 ? 0 : (bytes[at] ?? 0);
    crc = (crc >>> 8) ^ (TABLE[(crc ^ octet) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
