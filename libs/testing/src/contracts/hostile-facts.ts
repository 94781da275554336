/** Hostile clients as values: who they are, what they call themselves, whom they write to. For the contract suites of policies and transforms. */
import type { Session, TlsFacts } from '@mailverb/contract';
import { parseMailbox, type Mailbox, type Phase, type ReversePath } from '@mailverb/protocol';
import fc from 'fast-check';
import { testEnvelope, testMailbox, testTls } from './fixtures.js';
import { hostileText } from './hostile.js';
import { sessionIn } from './sessions.js';

/** What means something to whatever is tested, and is mixed with the hostile. */
export interface KnownFacts {
  /** Addresses of senders, recipients and identities. */
  readonly addresses?: readonly string[];
  /** HELO names. */
  readonly names?: readonly string[];
  /** Client addresses. */
  readonly clients?: readonly string[];
}

/** A client and what it has said. */
export interface Facts {
  readonly client: string;
  readonly tls: TlsFacts | undefined;
  readonly identity: string | undefined;
  readonly helo: string;
  readonly sender: ReversePath;
  /** The recipient that is asked about, after the earlier ones. */
  readonly mailbox: Mailbox;
  readonly earlier: readonly Mailbox[];
  /** For bytes. */
  readonly seed: number;
}

const CLIENTS = ['192.0.2.1', '10.1.2.3', '100.1.2.3', '127.0.0.1', '::1', '2001:db8::1', 'fe80::1%eth0', ''];
const NAMES = ['client.example.com', 'mx.test.example', '192.0.2.1', '[192.0.2.1]', '[IPv6:2001:db8::1]', '[x:y]', '['];
const ADDRESSES = [
  'Postmaster',
  'postmaster@example.org',
  'ann@example.org',
  'ann+tag@example.org',
  'ann%other.example@example.org',
  'other.example!ann@example.org',
  '"ann@other.example"@example.org',
  '"a\\"b\\\\ c"@example.org',
  '""@example.org',
  '"../../x"@example.org',
  '__proto__@constructor.example',
  'ann@[192.0.2.1]',
  'ann@[IPv6:2001:db8::1]',
  'ann@[x-tag:content]',
  'jörg@bücher.example',
  `${'a'.repeat(64)}@${'b.'.repeat(90)}example`,
];
const TLS: TlsFacts = testTls();

/** Addresses as a server would let them through: whatever is written, the grammar has read it. */
function mailboxes(known: readonly string[]): fc.Arbitrary<Mailbox> {
  const quoted = fc
    .tuple(fc.string({ maxLength: 40 }), fc.constantFrom('example.org', '[192.0.2.1]', '__proto__.example'))
    .map(([local, domain]) => parseMailbox(`"${local.replace(/["\\]/g, '\\$&')}"@${domain}`))
    .filter((mailbox) => mailbox !== undefined);
  return fc.oneof(fc.constantFrom(...ADDRESSES, ...known).map(testMailbox), quoted).map((one) => Object.freeze(one));
}

/** Any client. Addresses are what the grammar lets through; HELO names may be worse than any verb would. */
export function hostileFacts({ addresses = [], names = [], clients = [] }: KnownFacts = {}): fc.Arbitrary<Facts> {
  const mailbox = mailboxes(addresses);
  return fc.record({
    client: fc.constantFrom(...CLIENTS, ...clients),
    tls: fc.constantFrom(undefined, TLS),
    identity: fc.option(fc.oneof(fc.constantFrom('ann', ...addresses), hostileText), { nil: undefined }),
    helo: fc.oneof(fc.constantFrom(...NAMES, ...names), hostileText),
    sender: fc.option(mailbox, { nil: null }),
    mailbox,
    earlier: fc.array(mailbox, { maxLength: 3 }),
    seed: fc.nat(1000),
  });
}

/** The session of such a client, frozen to its depths; with an envelope where there are recipients to put into it. */
export function sessionOf(
  facts: Facts,
  phase: Phase,
  recipients?: readonly Mailbox[],
  overrides: Partial<Session> = {},
): Session {
  const { client, tls, identity, helo, sender } = facts;
  return sessionIn(phase, {
    remoteAddress: client,
    tls,
    identity: identity === undefined ? undefined : { name: identity, mechanism: 'PLAIN' },
    ...(phase === 'connected' ? {} : { heloName: helo }),
    ...(recipients === undefined ? {} : { envelope: hostileEnvelope(sender, recipients) }),
    ...overrides,
  });
}

function hostileEnvelope(reversePath: ReversePath, mailboxes: readonly Mailbox[]): NonNullable<Session['envelope']> {
  const wide = [reversePath, ...mailboxes].some((mailbox) => mailbox?.utf8 === true);
  return testEnvelope({
    reversePath,
    // The verbs let no address with a character outside ASCII through without it.
    parameters: wide ? { SMTPUTF8: true } : {},
    recipients: mailboxes.map((mailbox) => ({ mailbox, parameters: {} })),
  });
}
