/** What all sessions of one listener share: frozen when the host has built it, resolved from no container after that. */
import type { CidrList } from '@mailverb/options';
import type { Clock, DeliveryStrategy, ListenerInfo, Logger } from '@mailverb/contract';
import type { Reply, ServerProtocolOptions } from '@mailverb/protocol';
import type { Spool } from '../body/spool.js';
import type { NamedTransform } from '../body/transform-chain.js';
import type { Limits, Timeouts } from '../limits.js';
import type { VerbRegistry } from '../registry/verb-registry.js';
import type { TransactionServices } from '../session/mail-transaction.js';
import type { StageRunner } from '../stages/stage-runner.js';
import type { Watchers } from '../stages/watchers.js';
import type { TlsSettings } from '../tls/secured.js';
import type { Admission } from './admission.js';
import type { Sweeper } from './sweeper.js';

/** One listener, ready to serve. */
export interface ListenerRuntime extends TransactionServices {
  readonly info: ListenerInfo;
  readonly protocolOptions: ServerProtocolOptions;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly verbs: VerbRegistry;
  readonly stages: StageRunner;
  readonly watchers: Watchers;
  readonly transforms: readonly NamedTransform[];
  readonly delivery: DeliveryStrategy | undefined;
  /** True if somebody must see the whole message before a decision: a message policy, a transform, the delivery. */
  readonly holds: boolean;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sweeper: Sweeper;
  readonly greeting: Reply;
  /** Who counts connections. */
  readonly admission: Admission;
  /** Who may speak for others; undefined for nobody. */
  readonly trustedPeers: CidrList | undefined;
  /** True if their connections begin with a PROXY header. */
  readonly proxyProtocol: boolean;
  /** Undefined where the listener has no TLS. */
  readonly tls: TlsSettings | undefined;
}
