/** Sessions, envelopes and recipients for tests that have no server: complete, and changed only where a test says so. */
import type { DeliveryContext, Envelope, Recipient, RcptParameters, Session, Slot } from '@mailverb/contract';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { FAKE_EPOCH } from '../fake-clock.js';

/** A session after EHLO, with a MAIL and a RCPT behind it; its slots work. */
export function testSession(overrides: Partial<Session> = {}): Session {
  const slots = new Map<symbol, unknown>();
  return {
    id: 'test-session',
    listener: {
      name: 'test',
      hostname: 'mx.test.example',
      protocol: 'smtp',
      maxMessageSize: 0,
      maxRecipients: 0,
      maxMessages: 0,
    },
    remoteAddress: '192.0.2.1',
    remotePort: 40_000,
    localAddress: '192.0.2.25',
    localPort: 25,
    openedAt: FAKE_EPOCH,
    phase: 'rcpt',
    heloName: 'client.test.example',
    extended: true,
    tls: undefined,
    identity: undefined,
    envelope: undefined,
    annotations: [],
    get: <T>(slot: Slot<T>) => slots.get(slot.key) as T | undefined,
    set: <T>(slot: Slot<T>, value: T) => void slots.set(slot.key, value),
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
