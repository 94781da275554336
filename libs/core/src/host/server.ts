/** A server that was built from a plan and can be started, watched and stopped. */
import type { TlsMode } from '@mailverb/contract';
import type { Duplex } from 'node:stream';

/** Who is at the other end of a stream that is handed in. */
export interface Endpoint {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** Where a listener listens. */
export interface BoundAddress {
  readonly listener: string;
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

/** Who owns what, in which order: data for `assembly`, for logs and for tests. */
export interface Assembly {
  readonly hostname: string;
  /** Server-wide plugins: name and what each contributes. */
  readonly plugins: readonly AssembledPlugin[];
  readonly listeners: readonly AssembledListener[];
}

/** A plugin instance in the assembly. */
export interface AssembledPlugin {
  readonly plugin: string;
  /** Where it stands in the configuration. */
  readonly path: string;
  /** `verb RCPT`, `policy greylist`, `service Store`… */
  readonly contributes: readonly string[];
}

/** One listener in the assembly. */
export interface AssembledListener {
  readonly name: string;
  readonly address: { readonly host?: string; readonly port?: number; readonly path?: string; readonly fd?: number };
  readonly protocol: 'smtp' | 'lmtp';
  readonly plugins: readonly AssembledPlugin[];
  readonly verbs: readonly { readonly verb: string; readonly owner: string; readonly phases: readonly string[] }[];
  readonly keywords: readonly { readonly keyword: string; readonly owner: string }[];
  readonly parameters: readonly { readonly verb: string; readonly keyword: string; readonly owner: string }[];
  /** SASL mechanisms, in the order in which they are offered. */
  readonly mechanisms: readonly { readonly mechanism: string; readonly owner: string }[];
  readonly tls: TlsMode;
  /** In the order in which they are asked. */
  readonly stages: readonly {
    readonly stage: string;
    readonly policies: readonly { readonly name: string; readonly mode: string }[];
  }[];
  readonly transforms: readonly string[];
  readonly delivery: AssembledDelivery | undefined;
  readonly observers: readonly string[];
}

/** A delivery strategy and what it is composed of. */
export interface AssembledDelivery {
  readonly name: string;
  readonly durability: string;
  readonly transforms: readonly string[];
  readonly parts: readonly { readonly at: string; readonly delivery: AssembledDelivery }[];
}

/** Built, checked and frozen; not started. */
export interface Server {
  readonly assembly: Assembly;
  /**
   * Starts plugins in dependency order, listeners last. If anything fails, stops what was started, and rejects.
   * @param takeOver a running server whose listening sockets this one goes on with, where the addresses are the same: not one connection is
   *   refused in between. If the start fails it has them back. Whoever was taken over is then to be told to {@link retire}.
   */
  start(options?: { readonly takeOver?: Server }): Promise<void>;
  /** Where it listens, once started. */
  addresses(): readonly BoundAddress[];
  /** Serves a session over a stream of one's own (tests, socket activation). The server must be started. */
  accept(listener: string, stream: Duplex, endpoint?: Partial<Endpoint>): void;
  /** Open sessions. */
  readonly sessions: number;
  /**
   * Stops accepting, lets sessions go on until they end by themselves, then stops plugins: what an old assembly does when a new one has taken
   * over. `stop` may still be called meanwhile, and waits for the same end.
   */
  retire(): Promise<void>;
  /**
   * Stops accepting, tells idle sessions 421, lets transactions finish until the deadline (milliseconds, default 30 000), closes the rest,
   * then stops plugins in reverse order. Calling it again waits for the same end.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
}
