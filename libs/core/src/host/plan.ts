/** A plan: what an app wants to run. Made by hand in code, or by an app from its configuration file; the host checks and builds it. */
import type { Durability, PluginUse } from '@mailverb/contract';
import type { Admission } from '../listener/admission.js';
import type { CidrList } from '@mailverb/options';
import type { LimitsInput, TimeoutsInput } from '../limits.js';

/** A certificate with its key, by their files. */
export interface CertificatePlan {
  /** PEM: the certificate, then those between it and the root. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly passphrase?: string;
  /** Where it stands in the configuration, for messages; default its place in the plan. */
  readonly configPath?: string;
}

/** How a listener encrypts. Files are read when the server is checked, and again when they change. */
export interface TlsPlan {
  /** From the first octet (`implicit`), or when the client asks by STARTTLS. */
  readonly mode: 'starttls' | 'implicit';
  /** The first is the default; another is chosen where its names (subject alternative names) match what the client asks for by SNI. */
  readonly certificates: readonly CertificatePlan[];
  /** Whether clients are asked for a certificate, and whether they must have one. Default `none`. */
  readonly clientCertificates?: 'none' | 'request' | 'require';
  /** PEM file of those who may have signed a client's certificate. */
  readonly clientAuthorities?: string;
  /** Default TLSv1.2, which is the floor. */
  readonly minimumVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's notation; default Node's list. */
  readonly ciphers?: string;
  /** Milliseconds between two looks at whether the files have changed; default 10 s, 0 for never. */
  readonly reloadInterval?: number;
}

/** One listener: where it listens, what it is made of, what it allows. */
export interface ListenerPlan {
  /** As seen in logs and in `session.listener.name`. */
  readonly name: string;
  /** Address to bind; default 127.0.0.1. */
  readonly host?: string;
  /** TCP port; 0 for any free one. Either this or `path`; neither for a listener that only gets sessions by {@link Server.accept}. */
  readonly port?: number;
  /** Unix socket path. */
  readonly path?: string;
  /** A socket that somebody else has opened and is listening (socket activation): its file descriptor. Instead of `port` or `path`. */
  readonly fd?: number;
  /** Without it the listener has no TLS, and STARTTLS does not exist. */
  readonly tls?: TlsPlan;
  /** Who may speak for others, by PROXY header (if `proxyProtocol`), XCLIENT and XFORWARD: one list for all. Default nobody. */
  readonly trustedPeers?: CidrList;
  /** True if connections of trusted peers begin with a PROXY header (version 1 or 2). From anybody else a header ends the connection. */
  readonly proxyProtocol?: boolean;
  /** Whether AUTH is offered without TLS to clients on a loopback address or a unix socket. Default `never`. */
  readonly authWithoutTls?: 'never' | 'loopback';
  readonly protocol?: 'smtp' | 'lmtp';
  /** What it calls itself; default the server's hostname. */
  readonly hostname?: string;
  /** What the greeting says behind that; default `ESMTP Mailverb`, or `LMTP Mailverb`. */
  readonly greeting?: string;
  /** Verbs, extensions, policies, transforms, observers, services of this listener, in order. */
  readonly plugins: readonly PluginUse[];
  /** Who takes responsibility. Without one, a listener that knows DATA or BDAT is refused by the check. */
  readonly delivery?: PluginUse;
  /** The least that the delivery's 250 must survive; the server refuses to start below it. */
  readonly minimumDurability?: Durability;
  readonly limits?: LimitsInput;
  readonly timeouts?: TimeoutsInput;
  /**
   * Mail data with a bare CR or LF: `reject` (default) refuses it with 550 5.6.0, `normalize` repairs it to CRLF; `accept` repairs too and
   * lets commands end at a bare LF, for old clients: not allowed where the delivery is remote, as what one reads another may read differently.
   */
  readonly bareNewlines?: 'reject' | 'normalize' | 'accept';
  /** Where this listener stands in the configuration, for messages: `listeners[0]`. */
  readonly configPath?: string;
}

/** A whole server. */
export interface ServerPlan {
  readonly hostname: string;
  /** What all listeners share: logger, stores, observers, services. */
  readonly plugins?: readonly PluginUse[];
  readonly listeners: readonly ListenerPlan[];
  /** Who counts connections; default this process alone. Where several processes serve one port it is somebody who counts for all. */
  readonly admission?: Admission;
  /** Where messages that must be seen whole are held beyond `memory` octets; default 1 MiB and the system's temporary folder. */
  readonly spool?: { readonly memory?: number; readonly totalMemory?: number; readonly directory?: string };
}

/** One thing wrong with a plan. */
export interface Issue {
  /** `listeners[0].policies[1].domain`. */
  readonly path: string;
  /** What is wrong and what was expected: one sentence without a full stop. */
  readonly message: string;
  /** What stood there, where it can be shown (never a secret). */
  readonly value?: unknown;
  /** The nearest valid name, if one is near. */
  readonly nearest?: string;
}

/** Everything that is wrong with a plan, at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly issues: readonly Issue[]) {
    super(issues.map(formatIssue).join('\n'));
  }
}

/** One line for people: path, what is wrong, what stood there, what was perhaps meant. */
export function formatIssue(issue: Issue): string {
  const value = issue.value === undefined ? '' : ` (it is ${JSON.stringify(issue.value)})`;
  const nearest = issue.nearest === undefined ? '' : `; did you mean "${issue.nearest}"?`;
  return `${issue.path === '' ? 'configuration' : issue.path}: ${issue.message}${value}${nearest}`;
}
