/** A session as plugins see it: facts to read, slots to keep their own state in, and nothing to pull. */
import type { Phase } from '@mailverb/protocol';
import type { Envelope } from './envelope.js';
import type { Slots } from './slot.js';

/** What is the same for all sessions of one listener. */
export interface ListenerInfo {
  /** The name in the configuration. */
  readonly name: string;
  /** The host name that this server gives in its greeting, EHLO reply and Received fields. */
  readonly hostname: string;
  readonly protocol: 'smtp' | 'lmtp';
  /** Octets; 0 for no limit. The extension `size` offers it, the loop enforces it. */
  readonly maxMessageSize: number;
  /** Recipients of one transaction, and transactions of one session; 0 for no limit. The extension `limits` tells them. */
  readonly maxRecipients: number;
  readonly maxMessages: number;
  /** How sessions become encrypted: not at all, by STARTTLS (RFC 3207), or from their first octet (RFC 8314). */
  readonly tls: TlsMode;
}

/** See {@link ListenerInfo.tls}. */
export type TlsMode = 'none' | 'starttls' | 'implicit';

/** What TLS was agreed on. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly version: string;
  /** The cipher's IANA name. */
  readonly cipher: string;
  /** What the client asked for by SNI, in lower case. */
  readonly serverName: string | undefined;
  /** The client's certificate, if it sent one and it was verified against the listener's CA file. Never an unverified one. */
  readonly clientCertificate: ClientCertificate | undefined;
  /**
   * What binds an authentication to this very connection (RFC 5929, RFC 9266), so that it is worth nothing to somebody in the middle.
   * Undefined where this connection has none of that type (`tls-exporter` before TLS 1.3 without extended master secret).
   */
  channelBinding(type: ChannelBinding): Uint8Array | undefined;
}

/** RFC 9266 and RFC 5929 4. */
export type ChannelBinding = 'tls-exporter' | 'tls-server-end-point';

/** A verified client certificate. */
export interface ClientCertificate {
  /** As one line: `CN=ann,O=Example`. */
  readonly subject: string;
  readonly commonName: string | undefined;
  /** Of its subject alternative names (RFC 5280 4.2.1.6): rfc822Name and dNSName, as they stand there. */
  readonly emails: readonly string[];
  readonly hosts: readonly string[];
  /** SHA-256 of the certificate, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
}

/** Who the client proved to be. */
export interface Identity {
  /** The name under which it may act (the authorization identity). */
  readonly name: string;
  /** The SASL mechanism. */
  readonly mechanism: string;
}

/** A client as a trusted peer describes it (XFORWARD): for records only, nothing is decided by it. */
export interface ForwardedClient {
  readonly name?: string;
  readonly address?: string;
  readonly port?: number;
  readonly helo?: string;
  readonly protocol?: string;
  /** The id that the peer's own log knows the message by. */
  readonly ident?: string;
  readonly source?: 'LOCAL' | 'REMOTE';
}

/** One connection from its greeting to its end. */
export interface Session extends Slots {
  /** Unique in this process and, by its random part, between processes. */
  readonly id: string;
  readonly listener: ListenerInfo;
  /**
   * The client's address, IPv4 in dotted form even on a dual-stack socket; empty on a unix socket. Where a trusted peer speaks for a
   * client (PROXY protocol, XCLIENT) it is that client's.
   */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The client's host name, where a trusted peer has told one (XCLIENT NAME); nobody looks one up. */
  readonly remoteName: string | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * True if whoever has opened the connection is in the listener's list of trusted peers, and may speak for others. A client that a PROXY header
   * presents never is.
   */
  readonly trustedPeer: boolean;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly openedAt: number;
  readonly phase: Phase;
  /** What the client called itself in HELO or EHLO: syntactically checked, otherwise unproven. */
  readonly heloName: string | undefined;
  /** True if it said EHLO (or LHLO), and extensions are in use. */
  readonly extended: boolean;
  readonly tls: TlsFacts | undefined;
  readonly identity: Identity | undefined;
  /** Where the message comes from, as a trusted peer says (XFORWARD); forgotten with the transaction. */
  readonly forwarded: ForwardedClient | undefined;
  /** The open mail transaction. */
  readonly envelope: Envelope | undefined;
  /** What policies noted about this session and its transaction, in the order they were asked. */
  readonly annotations: readonly Annotation[];
}

/** A fact that a policy found and somebody else may use: an authentication result, a tag, a score. */
export interface Annotation {
  /** Who says so: the policy's name. */
  readonly by: string;
  readonly key: string;
  readonly value: string;
}
