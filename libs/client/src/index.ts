/** The outbound side: SMTP and LMTP connections, transactions, pools. */
export { ServerCapabilities } from './capabilities.js';
export type { ClientConnection } from './connection.js';
export { peerName } from './dial.js';
export { ClientError, type ClientFault, type ClientStep } from './errors.js';
export { openConnection, type OpenOptions } from './open.js';
export { ClientPool, type PoolSettings } from './pool.js';
export { represent } from './represent.js';
export * from './sasl/index.js';
export {
  CLIENT_TIMEOUTS,
  type ClientSettings,
  type ClientTimeouts,
  type ClientTls,
  type ClientTlsMode,
  type RepresentedPeer,
  type Target,
} from './settings.js';
export { ClientTransaction, MessageRefused } from './transaction.js';
