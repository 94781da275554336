/** For plugin authors: conversation files, a connection in memory, a fake clock, an in-process server, contract suites. */
export * from './contracts/describe-authenticator.js';
export * from './contracts/describe-delivery.js';
export * from './contracts/describe-extension.js';
export * from './contracts/describe-logger.js';
export * from './contracts/describe-mechanism.js';
export * from './contracts/describe-observer.js';
export * from './contracts/describe-policy.js';
export * from './contracts/describe-remote-delivery.js';
export * from './contracts/describe-store.js';
export * from './contracts/describe-transform.js';
export * from './contracts/describe-verb.js';
export * from './contracts/fixtures.js';
export { PemFolder, nextHopOptions } from './contracts/next-hop-options.js';
export * from './contracts/sasl-dialogue.js';
export * from './contracts/test-authenticator.js';
export { testCapabilities } from './contracts/test-capabilities.js';
export * from './conversation/conversation.js';
export {
  describeConversations,
  readConversations,
  type ConversationServer,
  type MakeServer,
} from './conversation/describe.js';
export { parseConversation } from './conversation/parse.js';
export { ConversationMismatch, runConversation, type RunOptions } from './conversation/run.js';
export type { DnsFault, DnsRecords, DnsTable } from './dns/dns-table.js';
export { TestDnsServer, type DnsQuery } from './dns/test-dns-server.js';
export { settle, turn, within } from './event-loop.js';
// Time that passes, for specs with real sockets.
export { SystemClock } from '@mailverb/core';
export { FAKE_EPOCH, FakeClock } from './fake-clock.js';
export { LineReader } from './line-reader.js';
export { memoryPair, MemorySocket, type MemoryPairOptions } from './memory-pair.js';
export type {
  PeerAnswer,
  PeerCommand,
  PeerFault,
  PeerLogin,
  PeerMessage,
  PeerMoment,
  PeerOptions,
  PeerPath,
  PeerProxy,
  PeerReplies,
  PeerReply,
  PeerStep,
  PeerTls,
  PeerTrouble,
} from './peer/peer-options.js';
export { ScriptedPeer, scriptedPeer } from './peer/scripted-peer.js';
export { TestClient, type ClientReply } from './server/client.js';
export { acceptEverybody, plainVerbs } from './server/plain-verbs.js';
export {
  recordingLogger,
  recordingObserver,
  type LogLine,
  type ObserverEvent,
  type ObserverEventOf,
} from './server/record.js';
export { Mailroom, remembering, type DeliveredMessage } from './server/remember.js';
export { listenerSettings, type ListenerSettings } from './server/settings.js';
export { TestServer, testServer, type TestServerOptions } from './server/test-server.js';
