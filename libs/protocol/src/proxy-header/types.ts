/** What a PROXY header says, as values. */

/** One end of the connection that the header speaks of, in the form that sessions have addresses. */
export interface ProxyEndpoint {
  /** IPv4 dotted, IPv6 as RFC 5952 writes it; an IPv4-mapped one as IPv4. */
  readonly address: string;
  readonly port: number;
}

/** Type, length, value: what version 2 may have behind the addresses. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** The client's TLS, where the proxy ended it (PP2_TYPE_SSL). A proxy's word, no more. */
export interface ProxySsl {
  /** The client used TLS. */
  readonly tls: boolean;
  /** It sent a certificate over this connection, or over any of its TLS session. */
  readonly certificateInConnection: boolean;
  readonly certificateInSession: boolean;
  /** It sent one, and that was verified. */
  readonly verified: boolean;
  /** `TLSv1.3`. */
  readonly version?: string;
  /** The common name of the client's certificate. */
  readonly commonName?: string;
  readonly cipher?: string;
}

/** A PROXY header. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** The proxy speaks for itself (a health check): version 2's LOCAL. */
  readonly local: boolean;
  /** The client's end. Undefined, as is `destination`, where the header tells of none: LOCAL, UNKNOWN, UNSPEC, AF_UNIX. */
  readonly source?: ProxyEndpoint;
  readonly destination?: ProxyEndpoint;
  /** All that came, in their order, those that have a field of their own too; without padding (NOOP) and checksum (CRC32C). */
  readonly tlvs: readonly ProxyTlv[];
  /** The host name that the client asked the proxy for, such as SNI. */
  readonly authority?: string;
  /** What the proxy knows the connection by: at most 128 octets. */
  readonly uniqueId?: Uint8Array;
  readonly ssl?: ProxySsl;
}

/** The types of {@link ProxyTlv} that are known here. */
export const PROXY_TLV = {
  AUTHORITY: 0x02,
  CRC32C: 0x03,
  NOOP: 0x04,
  UNIQUE_ID: 0x05,
  SSL: 0x20,
  SSL_VERSION: 0x21,
  SSL_CN: 0x22,
  SSL_CIPHER: 0x23,
} as const;

/** What version 2 begins with. Its first octet is a CR, so that no SMTP command is taken for it. */
export const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** Signature, version and command, family and transport, length. */
export const FIXED = 16;
/** The most of version 2 behind the fixed part: the length field would allow 65535 (attack A13). */
export const MAX_BLOCK = 4096;
/** The longest line that version 1 has, CRLF included. */
export const MAX_LINE = 107;
/** Octets of the addresses of an AF_UNIX connection: two paths. */
export const UNIX_ADDRESSES = 216;
/** The most of a unique id. */
export const MAX_UNIQUE_ID = 128;

/** The header as far as it has been read, or why there is none. */
export type Parsed = ProxyHeader | string;
