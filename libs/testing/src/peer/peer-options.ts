/** What a scripted peer may be told: what it offers, what it answers, and what goes wrong. */

/** Where in a conversation. `hello` is EHLO, LHLO and HELO; `final` is after the dot or the last chunk, `accepted` when the message is kept and nothing was said yet. */
export type PeerStep =
  | 'greeting'
  | 'hello'
  | 'starttls'
  | 'handshake'
  | 'auth'
  | 'xclient'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'bdat'
  | 'final'
  | 'accepted'
  | 'idle'
  | 'rset'
  | 'noop'
  | 'quit';

/** A reply as it is sent, without the last CRLF: `451 4.3.0 no`, or the lines of one: `['250-one', '250 two']`. A 421 closes. */
export type PeerAnswer = string | readonly string[];

/** What a reply may depend on. */
export interface PeerMoment {
  /** The number of the connection, from 1. */
  readonly connection: number;
  readonly encrypted: boolean;
  /** Of MAIL; undefined outside of a transaction. */
  readonly from: string | undefined;
  /** The recipients that were taken so far. */
  readonly recipients: readonly string[];
}

/** @param argument the path of MAIL and RCPT, the recipient after LMTP's data, else what stands behind the verb. Undefined: as usual. */
export type PeerReply = PeerAnswer | ((argument: string, moment: PeerMoment) => PeerAnswer | undefined);

/** What is answered instead of the usual. `final` is asked for each recipient in LMTP. `auth` is what comes after the credentials. */
export type PeerReplies = {
  readonly [step in Exclude<PeerStep, 'handshake' | 'body' | 'accepted' | 'idle'>]?: PeerReply;
};

/** What goes wrong at a step, before its answer. */
export type PeerTrouble =
  /** The connection is closed in good order. */
  | 'close'
  /** It is reset. */
  | 'reset'
  /** Nothing is said any more; what comes is read. */
  | 'stall'
  /** Nothing is said, nothing is read. */
  | 'deaf'
  /** The answer comes an octet at a time. */
  | 'bytewise'
  /** A reply of lines without end. */
  | 'endless-lines'
  /** A line without end. */
  | 'endless-line'
  /** Nothing is read for so many milliseconds; then all goes on. */
  | { readonly pause: number }
  /** These octets in place of the answer; what was asked for is not done. If they begin with 421 the connection is closed. */
  | { readonly instead: string }
  /** These octets before the answer. */
  | { readonly before: string }
  /** These octets behind the answer, in one piece with it. */
  | { readonly behind: string };

export interface PeerFault {
  /** A step, or the number of octets that have been received, or sent, on the connection (inside TLS, what TLS carries). */
  readonly at: PeerStep | { readonly received: number } | { readonly sent: number };
  /** `close` or `reset` where octets are counted. */
  readonly what: PeerTrouble;
  /** Only on this connection, from 1. Default all. */
  readonly connection?: number;
  /** How often. Default always. */
  readonly times?: number;
}

/**
 * How TLS is. The certificate is for localhost and 127.0.0.1, by the authority `peer.ca`, unless: `untrusted`, by another one; `other-name`;
 * `expired`. `garbage`: the handshake is answered with something else. `injected`: octets in clear stand behind the reply to STARTTLS (attack A4).
 */
export type PeerTls = 'trusted' | 'untrusted' | 'other-name' | 'expired' | 'garbage' | 'injected';

export interface PeerOptions {
  /** Default `smtp`. */
  readonly protocol?: 'smtp' | 'lmtp';
  /** The lines of EHLO. Default PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES. STARTTLS is left out inside TLS. */
  readonly keywords?: readonly string[];
  readonly replies?: PeerReplies;
  readonly fault?: PeerFault | readonly PeerFault[];
  /** Default `trusted`. */
  readonly tls?: PeerTls;
  /** TLS from the first octet. */
  readonly implicitTls?: boolean;
  /** Asks for a certificate, and takes any or none. */
  readonly requestCertificate?: boolean;
  /** True if a PROXY header comes first. */
  readonly proxy?: boolean;
  /** Passwords by name. Default: any name, any password. */
  readonly users?: ReadonlyMap<string, string>;
  /** A unix socket, in place of a port of 127.0.0.1. */
  readonly path?: string;
  /** False: the port is known, and nobody listens there until `listen`. */
  readonly listening?: boolean;
}

/** What a PROXY header has said. */
export interface PeerProxy {
  readonly version: 1 | 2;
  /** `LOCAL`, `UNKNOWN`: about nobody. */
  readonly source: string | undefined;
  readonly sourcePort: number | undefined;
  readonly destination: string | undefined;
  readonly destinationPort: number | undefined;
}

/** A recipient or a sender, and what stood behind it. */
export interface PeerPath {
  readonly path: string;
  readonly parameters: string;
}

/** A message that was accepted. */
export interface PeerMessage {
  readonly connection: number;
  readonly encrypted: boolean;
  /** `EHLO client.example`. */
  readonly hello: string;
  readonly login: string | undefined;
  readonly xclient: string | undefined;
  /** The common name in the client's certificate. */
  readonly certificate: string | undefined;
  readonly proxy: PeerProxy | undefined;
  readonly from: PeerPath;
  /** For whom it was accepted. */
  readonly to: readonly PeerPath[];
  /** Without the dots that were put in, and without the last. */
  readonly bytes: Buffer;
  readonly text: string;
  /** How it came. */
  readonly by: 'DATA' | 'BDAT';
}

/** A line that a client has said (or part of an AUTH dialogue). */
export interface PeerCommand {
  readonly connection: number;
  readonly encrypted: boolean;
  readonly line: string;
}

/** An attempt to log in. */
export interface PeerLogin {
  readonly connection: number;
  readonly encrypted: boolean;
  readonly mechanism: string;
  readonly authzid: string;
  readonly username: string;
  readonly password: string;
}
