/** Sessions, envelopes and recipients for tests that have no server: complete, and changed only where a test says so. */
import type {
  ClientCertificate,
  DeliveryContext,
  Envelope,
  ListenerInfo,
  Recipient,
  RcptParameters,
  Session,
  Slot,
  TlsFacts,
} from '@mailverb/contract';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { FAKE_EPOCH } from '../fake-clock.js';

/** A session after EHLO, with a MAIL and a RCPT behind it; its slots work. */
export function testSession(overrides: Partial<Session> = {}): Session {
  const slots = new Map<symbol, unknown>();
  return {
    id: 'test-session',
    listener: testListener(),
    remoteAddress: '192.0.2.1',
    remotePort: 40_000,
    remoteName: undefined,
    localAddress: '192.0.2.25',
    localPort: 25,
    trustedPeer: false,
    openedAt: FAKE_EPOCH,
    phase: 'rcpt',
    heloName: 'client.test.example',
    extended: true,
    tls: undefined,
    identity: undefined,
    forwarded: undefined,
    envelope: undefined,
    annotations: [],
    get: <T>(slot: Slot<T>) => slots.get(slot.key) as T | undefined,
    set: <T>(slot: Slot<T>, value: T) => void slots.set(slot.key, value),
    ...overrides,
  };
}

/** What a listener says of itself: one for SMTP, without TLS, that has no limits. */
export function testListener(overrides: Partial<ListenerInfo> = {}): ListenerInfo {
  return {
    name: 'test',
    hostname: 'mx.test.example',
    protocol: 'smtp',
    maxMessageSize: 0,
    maxRecipients: 0,
    maxMessages: 0,
    tls: 'none',
    ...overrides,
  };
}

/** TLS 1.3 with a client that asked for no name, has no certificate, and binds nothing to the connection unless the test says so. */
export function testTls(overrides: Partial<TlsFacts> = {}): TlsFacts {
  return {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    serverName: undefined,
    clientCertificate: undefined,
    channelBinding: () => undefined,
    ...overrides,
  };
}

/** A verified client certificate: Ann's. */
export function testClientCertificate(overrides: Partial<ClientCertificate> = {}): ClientCertificate {
  return {
    subject: 'CN=ann,O=Test',
    commonName: 'ann',
    emails: ['ann@test.example'],
    hosts: [],
    fingerprint: Array(32).fill('AB').join(':'),
    ...overrides,
  };
}

let envelopes = 0;

/** An envelope from `sender@test.example` to nobody yet. Each has an id of its own. */
export function testEnvelope(overrides: Partial<Envelope> = {}): Envelope {
  envelopes += 1;
  return {
    id: `test-${envelopes}`,
    reversePath: testMailbox('sender@test.example'),
    parameters: {},
    recipients: [],
    ...overrides,
  };
}

/** A recipient. @throws if `address` is none. */
export function testRecipient(address: string, parameters: RcptParameters = {}): Recipient {
  return { mailbox: testMailbox(address), parameters };
}

/** A mailbox, read as the server would read it. @throws if `address` is none. */
export function testMailbox(address: string): Mailbox {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined) throw new Error(`no address: ${address}`);
  return mailbox;
}

/** What a strategy may use while it works; its signal never fires unless the test brings its own. */
export function testContext(signal: AbortSignal = new AbortController().signal): DeliveryContext {
  return { signal };
}
