/** What an observer gets to see of a session, typical and hostile. For the contract suite of observers. */
import type { Envelope, Observer, Session } from '@mailverb/contract';
import { defer, reject } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { FAKE_EPOCH } from '../fake-clock.js';
import { testClientCertificate, testEnvelope, testListener, testRecipient, testSession, testTls } from './fixtures.js';

/** Events in their order; each is told to the observer that is given. */
export type Scene = readonly ((observer: Observer) => void)[];

/** The words of a session: each is typical by default, and hostile where a test wants it so. */
interface Words {
  readonly id: string;
  readonly word: (typical: string) => string;
  readonly session: Session;
  readonly envelope: Envelope;
}

/** A session with everything in it: a refused recipient, a message, an aborted transaction, AUTH, a fault, a limit. */
export function typicalScene(id = 'session-1', session = testSession({ id })): Scene {
  return scene({ id, word: (typical) => typical, session, envelope: envelopeOf(id, 'sender', 'rcpt') });
}

/** The same events, with `text` wherever text can come from a client, a peer or a plugin. */
export function hostileScene(text: string): Scene {
  const session = testSession({
    id: text,
    heloName: text,
    remoteAddress: text,
    remoteName: text,
    listener: testListener({ name: text, hostname: text }),
    tls: testTls({
      version: text,
      cipher: text,
      serverName: text,
      clientCertificate: testClientCertificate({ subject: text, commonName: text, emails: [text], hosts: [text] }),
    }),
    forwarded: { name: text, address: text, helo: text, protocol: text, ident: text },
    identity: { name: text, mechanism: text },
    annotations: [{ by: text, key: text, value: text }],
  });
  return scene({ id: text, word: () => text, session, envelope: envelopeOf(text, text, text) });
}

function envelopeOf(id: string, sender: string, recipient: string): Envelope {
  // No parser would let it through, but an observer must not count on that.
  const mailbox = (local: string) => ({
    ...testRecipient('x@example.org').mailbox,
    local,
    address: `${local}@example.org`,
  });
  const recipients = [1, 2].map((i) => ({ mailbox: mailbox(`${recipient}${i}`), parameters: {} }));
  return testEnvelope({ id: `${id}.1`, reversePath: mailbox(sender), recipients });
}

function scene({ word, session, envelope }: Words): Scene {
  const no = reply(451, '4.7.1', 'try again later');
  // One line, whatever is in it, as the typical ones are.
  const answer = (code: number, enhanced: string | undefined, text: string) => new Reply(code, enhanced, [word(text)]);
  const [first, second] = envelope.recipients;
  const outcomes = [
    ...(first === undefined ? [] : [{ recipient: first, reply: answer(250, '2.0.0', 'Ok') }]),
    ...(second === undefined ? [] : [{ recipient: second, reply: answer(550, '5.2.2', 'full') }]),
  ];
  const decision = { by: word('policy greylist'), reply: answer(451, '4.7.1', 'later'), reason: word('first seen') };
  const transaction = {
    envelope,
    size: 1234,
    end: 'committed',
    reply: answer(250, '2.0.0', 'Ok: queued'),
    outcomes,
    decisions: [decision],
    startedAt: FAKE_EPOCH,
    endedAt: FAKE_EPOCH + 1500,
  } as const;
  const command = (line: string) => (observer: Observer) => observer.commandReceived?.(session, word(line));
  const said = (code: number, enhanced: string | undefined, text: string) => (observer: Observer) =>
    observer.replySent?.(session, answer(code, enhanced, text));
  return [
    (observer) => observer.sessionOpened?.(session),
    said(220, undefined, 'mx.test.example ESMTP'),
    command('EHLO client.test.example'),
    (observer) => observer.replySent?.(session, new Reply(250, undefined, [word('mx'), word('SIZE'), word('HELP')])),
    command('STARTTLS'),
    said(220, '2.0.0', 'go ahead'),
    (observer) => observer.secured?.(session),
    command('AUTH ***'),
    said(334, undefined, ''),
    (observer) => observer.lineReceived?.(session),
    said(535, '5.7.8', 'no'),
    command('MAIL FROM:<sender@example.org>'),
    said(250, '2.1.0', 'Ok'),
    command('RCPT TO:<other@example.org>'),
    (observer) =>
      observer.verdictGiven?.(session, {
        stage: 'rcpt',
        policy: word('greylist'),
        verdict: defer(no, word('first seen')),
        dryRun: false,
      }),
    said(451, '4.7.1', 'try again later'),
    command('RCPT TO:<rcpt1@example.org>'),
    (observer) =>
      observer.verdictGiven?.(session, {
        stage: 'rcpt',
        policy: word('rate'),
        verdict: reject(undefined, word('rehearsed')),
        dryRun: true,
      }),
    said(250, '2.1.5', 'Ok'),
    command('DATA'),
    said(354, undefined, 'go on'),
    (observer) => observer.dataReceived?.(session, 1234),
    (observer) => observer.transactionEnded?.(session, transaction),
    said(250, '2.0.0', 'Ok: queued'),
    (observer) =>
      observer.transactionEnded?.(session, { ...transaction, end: 'aborted', reply: undefined, outcomes: [], size: 0 }),
    (observer) =>
      observer.transactionEnded?.(session, { ...transaction, end: 'refused', reply: no, outcomes: [], size: 7 }),
    (observer) => observer.limitReached?.(session, word('errors')),
    (observer) => observer.faultCaught?.(session, word('policy x'), new Error(word('broken'))),
    command('QUIT'),
    said(221, '2.0.0', 'goodbye'),
    (observer) =>
      observer.sessionClosed?.(session, {
        endedAt: FAKE_EPOCH + 2000,
        commands: 7,
        errors: 2,
        transactions: 3,
        delivered: 1,
        octetsIn: 2345,
        cause: word('quit'),
        decisions: [decision],
      }),
  ];
}
