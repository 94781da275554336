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
}

/** What TLS was agreed on. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly version: string;
  /** The cipher's IANA name. */
  readonly cipher: string;
  readonly serverName: string | undefined;
  /** The subject of a verified client certificate. */
  readonly clientCertificate: string | undefined;
}

/** Who the client proved to be. */
export interface Identity {
  /** The name under which it may act (the authorization identity). */
  readonly name: string;
  /** The SASL mechanism. */
  readonly mechanism: string;
}

/** One connection from its greeting to its end. */
export interface Session extends Slots {
  /** Unique in this process and, by its random part, between processes. */
  readonly id: string;
  readonly listener: ListenerInfo;
  /** The client's address, IPv4 in dotted form even on a dual-stack socket; empty on a unix socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly openedAt: number;
  readonly phase: Phase;
  /** What the client called itself in HELO or EHLO: syntactically checked, otherwise unproven. */
  readonly heloName: string | undefined;
  /** True if it said EHLO (or LHLO), and extensions are in use. */
  readonly extended: boolean;
  readonly tls: TlsFacts | undefined;
  readonly identity: Identity | undefined;
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
