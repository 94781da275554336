/** How a connection is made and held. Plain values: who reads them from a configuration is elsewhere (libs/next-hop). */
import type { Clock } from '@mailverb/contract';
import type { SecureContext } from 'node:tls';

/** Where the server is: a host name or address, several addresses to be raced (RFC 8305), or a unix socket. */
export type Target =
  { readonly host: string; readonly port: number; readonly addresses?: readonly string[] } | { readonly path: string };

/**
 * `none`: in clear. `opportunistic`: STARTTLS where it is offered, unverified, and in clear where it fails. `required`: STARTTLS with a certificate
 * that is checked, or no mail. `implicit`: TLS from the first octet (RFC 8314), checked too.
 */
export type ClientTlsMode = 'none' | 'opportunistic' | 'required' | 'implicit';

export interface ClientTls {
  readonly mode: ClientTlsMode;
  /** The name that the certificate must have; absent for the target's host. */
  readonly serverName?: string;
  /** False accepts any certificate; of no account where the mode is `opportunistic`, which does so anyway. */
  readonly verify: boolean;
  /** Whom to trust, our own certificate, versions: made once, as it costs more than a connection. */
  readonly context?: SecureContext;
}

/** Milliseconds for each step (RFC 5321 4.5.3.2 has the longest that make sense). */
export interface ClientTimeouts {
  /** TCP, and the TLS handshake. */
  readonly connect: number;
  readonly greeting: number;
  /** EHLO, STARTTLS, AUTH, XCLIENT, RSET: each. */
  readonly hello: number;
  readonly mail: number;
  readonly rcpt: number;
  /** From DATA to 354. */
  readonly data: number;
  /** A piece of mail data that the server does not take. */
  readonly body: number;
  /** From the end of the data to its reply. */
  readonly final: number;
}

/** RFC 5321's, but shorter where somebody waits for us as long as we wait (a live proxy, a relay that answers with the next hop's reply). */
export const CLIENT_TIMEOUTS: ClientTimeouts = {
  connect: 30_000,
  greeting: 60_000,
  hello: 60_000,
  mail: 120_000,
  rcpt: 120_000,
  data: 120_000,
  body: 180_000,
  final: 280_000,
};

export interface ClientSettings {
  readonly protocol: 'smtp' | 'lmtp';
  readonly target: Target;
  /** What we call ourselves. */
  readonly name: string;
  readonly tls: ClientTls;
  readonly timeouts: ClientTimeouts;
  readonly clock: Clock;
  /** Which of our addresses the connection comes from. */
  readonly localAddress?: string;
  /** BDAT where it is offered (RFC 3030): a round trip less, and no dots to stuff. */
  readonly chunking: boolean;
  /** A PROXY header before everything else; which client it names is said for each connection. */
  readonly proxyHeader?: 1 | 2;
}

/** Whom we speak for: in a PROXY header, or by XCLIENT. */
export interface RepresentedPeer {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly name?: string | undefined;
  readonly helo?: string | undefined;
  readonly protocol?: 'SMTP' | 'ESMTP' | undefined;
  readonly login?: string | undefined;
}
