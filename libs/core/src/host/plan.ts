/** A plan: what an app wants to run. Made by hand in code, or by an app from its configuration file; the host checks and builds it. */
import type { Durability, PluginUse } from '@mailverb/contract';
import type { LimitsInput, TimeoutsInput } from '../limits.js';

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
  readonly protocol?: 'smtp' | 'lmtp';
  /** What it calls itself; default the server's hostname. */
  readonly hostname?: string;
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
