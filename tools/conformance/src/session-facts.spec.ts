/** What a session remembers, and when it forgets: annotations and slots (contract/session.ts, contract/slot.ts). */
import { pass, reject, slot, type Policy, type Session } from '@mailverb/contract';
import type { TestClient } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { inline } from './broken.js';

const ofConnection = slot<string[]>('of-connection', 'connection');
const ofTransaction = slot<string[]>('of-transaction', 'transaction');

/** Notes at every stage which stage it was, and keeps what the session knew when a recipient was named. */
class Notes implements Policy {
  readonly seen: {
    readonly annotations: readonly string[];
    readonly connection: string;
    readonly transaction: string;
  }[] = [];

  connect({ session }: { session: Session }) {
    return this.note(session, 'connect');
  }
  helo({ session }: { session: Session }) {
    return this.note(session, 'helo');
  }
  mail({ session }: { session: Session }) {
    return this.note(session, 'mail');
  }
  rcpt({ session }: { session: Session }) {
    this.seen.push({
      annotations: session.annotations.map(({ by, key, value }) => `${by} ${key} ${value}`),
      connection: (session.get(ofConnection) ?? []).join(' '),
      transaction: (session.get(ofTransaction) ?? []).join(' '),
    });
    return this.note(session, 'rcpt');
  }

  private note(session: Session, stage: string) {
    session.set(ofConnection, [...(session.get(ofConnection) ?? []), stage]);
    // Before MAIL there is no transaction that the slot could belong to.
    if (stage === 'mail' || stage === 'rcpt') {
      session.set(ofTransaction, [...(session.get(ofTransaction) ?? []), stage]);
    }
    return pass({ at: stage });
  }
}

const ENDS: readonly [string, (client: TestClient) => Promise<void>][] = [
  ['RSET', async (client) => expect(await client.commands('RSET')).toEqual([250])],
  ['a message', async (client) => expect(await client.commands('DATA', '.')).toEqual([354, 250])],
  [
    'a refused message',
    async (client) => {
      expect(await client.commands('DATA')).toEqual([354]);
      client.write('bare\n\r\n.\r\n');
      expect((await client.reply()).code).toBe(550);
    },
  ],
];

describe.each(ENDS)('after %s', (_how, end) => {
  it('a session knows what it knew before the transaction, and nothing of it', async () => {
    const notes = new Notes();
    const policy = inline('policy-notes', (contribute) => contribute.policy('notes', notes));
    const server = await everything({ plugins: [policy, ...EVERYTHING] });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO c', 'MAIL FROM:<>', 'RCPT TO:<user@example.org>')).toEqual([250, 250, 250]);
    await end(client);
    expect(await client.commands('MAIL FROM:<>', 'RCPT TO:<user@example.org>')).toEqual([250, 250]);
    const annotations = ['notes at connect', 'notes at helo', 'notes at mail'];
    expect(notes.seen).toEqual([
      { annotations, connection: 'connect helo mail', transaction: 'mail' },
      { annotations, connection: 'connect helo mail rcpt mail', transaction: 'mail' },
    ]);
    await server.stop();
  });
});

it('after a second EHLO the first one is forgotten', async () => {
  const notes = new Notes();
  const policy = inline('policy-notes', (contribute) => contribute.policy('notes', notes));
  const server = await everything({ plugins: [policy, ...EVERYTHING] });
  const client = server.client();
  await client.reply();
  expect(
    await client.commands('EHLO one', 'MAIL FROM:<>', 'EHLO two', 'MAIL FROM:<>', 'RCPT TO:<user@example.org>'),
  ).toEqual([250, 250, 250, 250, 250]);
  expect(notes.seen[0]?.transaction).toBe('mail');
  expect(server.eventsOf('sessionOpened')[0]?.args[0].heloName).toBe('two');
  await server.stop();
});

it.each(['RSET', 'EHLO c', 'HELO c'])('what a refused MAIL left behind is forgotten with %s', async (forget) => {
  const notes = new Notes();
  let refusing = true;
  const policies = [
    inline('policy-notes', (contribute) => contribute.policy('notes', notes)),
    inline('policy-refuse', (contribute) =>
      contribute.policy('refuse', { mail: () => (refusing ? reject() : pass()) }),
    ),
  ];
  const server = await everything({ plugins: [...policies, ...EVERYTHING] });
  const client = server.client();
  await client.reply();
  expect(await client.commands('EHLO c', 'MAIL FROM:<>', forget)).toEqual([250, 550, 250]);
  refusing = false;
  expect(await client.commands('MAIL FROM:<>', 'RCPT TO:<user@example.org>')).toEqual([250, 250]);
  expect(notes.seen[0]?.transaction).toBe('mail');
  expect(notes.seen[0]?.annotations.filter((note) => note === 'notes at mail')).toHaveLength(1);
  await server.stop();
});
